package import SSHKeys

/// What a peer did that concerns more than the protocol. Taken from `ServerConnection.nextEvent()` in the order of the wire.
package enum ServerEvent {
    /// The peer's first key exchange value is here. Nothing more is read until `admitKeyExchange()`; this is where handshakes queue.
    case keyExchangeWanted
    /// The peer offers a key, with or without proof. Nothing more is read until `answerKey(isKnown:)`. Not an identity.
    case keyOffered(user: String, key: PublicKey)
    /// The peer has proved that it holds `key`, which the driver had said is known.
    case authenticated(user: String, key: PublicKey)
    /// `tcpip-forward`. Nothing more is read until `answerForward(port:)`.
    case forwardRequested(ForwardedEndpoint)
    /// `cancel-tcpip-forward`. Nothing more is read until `answerCancel(wasHeld:)`.
    case forwardCancelled(ForwardedEndpoint)
    /// The peer had this host key proved, which was announced to it: it is about to believe in it.
    case hostKeyProved(PublicKey)
    /// The peer asks for a channel; answer by `accept` or `refuse`, now or later.
    case channelOffered(ChannelID, ChannelPurpose)
    /// The peer confirmed a channel that we asked for.
    case channelOpened(ChannelID)
    /// The peer refused a channel that we asked for; its number is free again.
    case channelRefused(ChannelID, code: UInt32, sentence: String)
    /// A request on a session channel. If `wantsReply`, answer by `answerRequest` before the next event.
    case channelRequested(ChannelID, ChannelRequest, wantsReply: Bool)
    /// Data, at most `ProtocolLimits.channelPacket` bytes in the memory given to the connection: use or copy it before the next event.
    /// Say `consumed` when it has left on the other side.
    case channelData(ChannelID, UnsafeRawBufferPointer)
    /// The window of a channel grew: more may be sent.
    case channelWritable(ChannelID)
    /// EOF: the peer sends no more data.
    case channelEnded(ChannelID)
    /// CLOSE: the channel is over. The engine has answered it.
    case channelClosed(ChannelID)
    /// The engine refused something by itself: for the log.
    case refused(String)
    /// A key exchange is over: what waited for it may be sent.
    case keysRenewed
    /// The last event of a connection.
    case closed(ConnectionEnd)
}
