/// Message numbers (RFC 4250 §4.1.2) that the engine knows; every other number is answered with UNIMPLEMENTED where a message is allowed at all.
package enum MessageNumber: UInt8, CaseIterable, Sendable {
    // Transport, generic (RFC 4253 §11, RFC 8308 §2.3).
    case disconnect = 1
    case ignore = 2
    case unimplemented = 3
    case debug = 4
    case serviceRequest = 5
    case serviceAccept = 6
    case extInfo = 7
    // Transport, key exchange (RFC 4253 §7, RFC 5656 §4).
    case kexInit = 20
    case newKeys = 21
    case kexECDHInit = 30
    case kexECDHReply = 31
    // Authentication (RFC 4252 §6).
    case userAuthRequest = 50
    case userAuthFailure = 51
    case userAuthSuccess = 52
    case userAuthBanner = 53
    case userAuthPublicKeyOK = 60
    // Connection (RFC 4254 §9).
    case globalRequest = 80
    case requestSuccess = 81
    case requestFailure = 82
    case channelOpen = 90
    case channelOpenConfirmation = 91
    case channelOpenFailure = 92
    case channelWindowAdjust = 93
    case channelData = 94
    case channelExtendedData = 95
    case channelEOF = 96
    case channelClose = 97
    case channelRequest = 98
    case channelSuccess = 99
    case channelFailure = 100
    // OpenSSH PROTOCOL §1.9 (ping@openssh.com).
    case ping = 192
    case pong = 193
}

/// Reasons of SSH_MSG_DISCONNECT (RFC 4253 §11.1) that we send.
package enum DisconnectCode: UInt32, Sendable {
    case hostNotAllowedToConnect = 1
    case protocolError = 2
    case keyExchangeFailed = 3
    case macError = 5
    case serviceNotAvailable = 7
    case protocolVersionNotSupported = 8
    case connectionLost = 10
    case byApplication = 11
    case tooManyConnections = 12
    case noMoreAuthMethodsAvailable = 14
}

/// Reasons of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 §5.1).
package enum ChannelOpenFailure: UInt32, Sendable {
    case administrativelyProhibited = 1
    case connectFailed = 2
    case unknownChannelType = 3
    case resourceShortage = 4
}
