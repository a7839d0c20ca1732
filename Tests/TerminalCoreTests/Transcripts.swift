/// What the stock ssh 9.2 of Debian 12 wrote with `-v -N -R …` against a stock sshd and against things that are no relay; recorded on
/// this machine, lines of more than 120 characters left out.
enum Transcript {
    static let granted = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41022.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: compat_banner: match: OpenSSH_9.2p1 Debian-2+deb12u10 pat OpenSSH* compat 0x04000000
        debug1: Authenticating to 127.0.0.1:41022 as 'root'
        debug1: using hostkeyalias: relay
        debug1: SSH2_MSG_KEXINIT sent
        debug1: SSH2_MSG_KEXINIT received
        debug1: kex: algorithm: sntrup761x25519-sha512
        debug1: kex: host key algorithm: ssh-ed25519
        debug1: kex: server->client cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: kex: client->server cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: expecting SSH2_MSG_KEX_ECDH_REPLY
        debug1: SSH2_MSG_KEX_ECDH_REPLY received
        debug1: Server host key: ssh-ed25519 SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA
        debug1: using hostkeyalias: relay
        debug1: Host 'relay' is known and matches the ED25519 host key.
        debug1: Found key in kh:1
        debug1: ssh_packet_send2_wrapped: resetting send seqnr 3
        debug1: rekey out after 134217728 blocks
        debug1: SSH2_MSG_NEWKEYS sent
        debug1: expecting SSH2_MSG_NEWKEYS
        debug1: ssh_packet_read_poll2: resetting read seqnr 3
        debug1: SSH2_MSG_NEWKEYS received
        debug1: rekey in after 134217728 blocks
        debug1: Will attempt key: key ED25519 SHA256:AgMN4B8DrxkLAh1aUcPA4Hl+7vnNBFz9L7KEMjV9FBU explicit
        debug1: SSH2_MSG_EXT_INFO received
        debug1: kex_input_ext_info: publickey-hostbound@openssh.com=<0>
        debug1: SSH2_MSG_SERVICE_ACCEPT received
        debug1: Authentications that can continue: publickey,password,keyboard-interactive
        debug1: Next authentication method: publickey
        debug1: Offering public key: key ED25519 SHA256:AgMN4B8DrxkLAh1aUcPA4Hl+7vnNBFz9L7KEMjV9FBU explicit
        debug1: Server accepts key: key ED25519 SHA256:AgMN4B8DrxkLAh1aUcPA4Hl+7vnNBFz9L7KEMjV9FBU explicit
        Authenticated to 127.0.0.1 ([127.0.0.1]:41022) using "publickey".
        debug1: Remote connections from LOCALHOST:41999 forwarded to local address ./t.sock:-2
        debug1: ssh_init_forwarding: expecting replies for 1 forwards
        debug1: Requesting no-more-sessions@openssh.com
        debug1: Entering interactive session.
        debug1: pledge: network
        debug1: pledge: network
        debug1: client_input_global_request: rtype hostkeys-00@openssh.com want_reply 0
        debug1: Remote: /tmp/tt/ak:1: key options: permitlisten port-forwarding
        debug1: Remote: /tmp/tt/ak:1: key options: permitlisten port-forwarding
        debug1: remote forward success for: listen 41999, connect ./t.sock:-2
        debug1: forwarding_success: all expected forwarding replies received
        """

    static let keyUnknown = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41022.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key2 type 3
        debug1: identity file key2-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: compat_banner: match: OpenSSH_9.2p1 Debian-2+deb12u10 pat OpenSSH* compat 0x04000000
        debug1: Authenticating to 127.0.0.1:41022 as 'root'
        debug1: using hostkeyalias: relay
        debug1: SSH2_MSG_KEXINIT sent
        debug1: SSH2_MSG_KEXINIT received
        debug1: kex: algorithm: sntrup761x25519-sha512
        debug1: kex: host key algorithm: ssh-ed25519
        debug1: kex: server->client cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: kex: client->server cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: expecting SSH2_MSG_KEX_ECDH_REPLY
        debug1: SSH2_MSG_KEX_ECDH_REPLY received
        debug1: Server host key: ssh-ed25519 SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA
        debug1: using hostkeyalias: relay
        debug1: Host 'relay' is known and matches the ED25519 host key.
        debug1: Found key in kh:1
        debug1: ssh_packet_send2_wrapped: resetting send seqnr 3
        debug1: rekey out after 134217728 blocks
        debug1: SSH2_MSG_NEWKEYS sent
        debug1: expecting SSH2_MSG_NEWKEYS
        debug1: ssh_packet_read_poll2: resetting read seqnr 3
        debug1: SSH2_MSG_NEWKEYS received
        debug1: rekey in after 134217728 blocks
        debug1: Will attempt key: key2 ED25519 SHA256:RNeSv5rpwl672rn5xZgzkdnnI6v+FHuUQFtPUucq3/4 explicit
        debug1: SSH2_MSG_EXT_INFO received
        debug1: kex_input_ext_info: publickey-hostbound@openssh.com=<0>
        debug1: SSH2_MSG_SERVICE_ACCEPT received
        debug1: Authentications that can continue: publickey,password,keyboard-interactive
        debug1: Next authentication method: publickey
        debug1: Offering public key: key2 ED25519 SHA256:RNeSv5rpwl672rn5xZgzkdnnI6v+FHuUQFtPUucq3/4 explicit
        debug1: Authentications that can continue: publickey,password,keyboard-interactive
        debug1: No more authentication methods to try.
        root@127.0.0.1: Permission denied (publickey,password,keyboard-interactive).
        """

    static let relayKeyChanged = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41022.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: compat_banner: match: OpenSSH_9.2p1 Debian-2+deb12u10 pat OpenSSH* compat 0x04000000
        debug1: Authenticating to 127.0.0.1:41022 as 'root'
        debug1: using hostkeyalias: relay
        debug1: SSH2_MSG_KEXINIT sent
        debug1: SSH2_MSG_KEXINIT received
        debug1: kex: algorithm: sntrup761x25519-sha512
        debug1: kex: host key algorithm: ssh-ed25519
        debug1: kex: server->client cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: kex: client->server cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: expecting SSH2_MSG_KEX_ECDH_REPLY
        debug1: SSH2_MSG_KEX_ECDH_REPLY received
        debug1: Server host key: ssh-ed25519 SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA
        debug1: using hostkeyalias: relay
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
        IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
        Someone could be eavesdropping on you right now (man-in-the-middle attack)!
        It is also possible that a host key has just been changed.
        The fingerprint for the ED25519 key sent by the remote host is
        SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA.
        Please contact your system administrator.
        Add correct host key in kh2 to get rid of this message.
        Offending ED25519 key in kh2:1
          remove with:
          ssh-keygen -f "kh2" -R "relay"
        Host key for relay has changed and you have requested strict checking.
        Host key verification failed.
        """

    static let notPinned = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41022.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: compat_banner: match: OpenSSH_9.2p1 Debian-2+deb12u10 pat OpenSSH* compat 0x04000000
        debug1: Authenticating to 127.0.0.1:41022 as 'root'
        debug1: using hostkeyalias: relay
        debug1: SSH2_MSG_KEXINIT sent
        debug1: SSH2_MSG_KEXINIT received
        debug1: kex: algorithm: sntrup761x25519-sha512
        debug1: kex: host key algorithm: ssh-ed25519
        debug1: kex: server->client cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: kex: client->server cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: expecting SSH2_MSG_KEX_ECDH_REPLY
        debug1: SSH2_MSG_KEX_ECDH_REPLY received
        debug1: Server host key: ssh-ed25519 SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA
        debug1: using hostkeyalias: relay
        No ED25519 host key is known for relay and you have requested strict checking.
        Host key verification failed.
        """

    static let portRefused = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41022.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: compat_banner: match: OpenSSH_9.2p1 Debian-2+deb12u10 pat OpenSSH* compat 0x04000000
        debug1: Authenticating to 127.0.0.1:41022 as 'root'
        debug1: using hostkeyalias: relay
        debug1: SSH2_MSG_KEXINIT sent
        debug1: SSH2_MSG_KEXINIT received
        debug1: kex: algorithm: sntrup761x25519-sha512
        debug1: kex: host key algorithm: ssh-ed25519
        debug1: kex: server->client cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: kex: client->server cipher: chacha20-poly1305@openssh.com MAC: <implicit> compression: none
        debug1: expecting SSH2_MSG_KEX_ECDH_REPLY
        debug1: SSH2_MSG_KEX_ECDH_REPLY received
        debug1: Server host key: ssh-ed25519 SHA256:gkGqk7is/857RcWNchJqx1KMQI/iXTH0PgXu7Q4awFA
        debug1: using hostkeyalias: relay
        debug1: Host 'relay' is known and matches the ED25519 host key.
        debug1: Found key in kh:1
        debug1: ssh_packet_send2_wrapped: resetting send seqnr 3
        debug1: rekey out after 134217728 blocks
        debug1: SSH2_MSG_NEWKEYS sent
        debug1: expecting SSH2_MSG_NEWKEYS
        debug1: ssh_packet_read_poll2: resetting read seqnr 3
        debug1: SSH2_MSG_NEWKEYS received
        debug1: rekey in after 134217728 blocks
        debug1: Will attempt key: key ED25519 SHA256:AgMN4B8DrxkLAh1aUcPA4Hl+7vnNBFz9L7KEMjV9FBU explicit
        debug1: SSH2_MSG_EXT_INFO received
        debug1: kex_input_ext_info: publickey-hostbound@openssh.com=<0>
        debug1: SSH2_MSG_SERVICE_ACCEPT received
        debug1: Authentications that can continue: publickey,password,keyboard-interactive
        debug1: Next authentication method: publickey
        debug1: Offering public key: key ED25519 SHA256:AgMN4B8DrxkLAh1aUcPA4Hl+7vnNBFz9L7KEMjV9FBU explicit
        debug1: Server accepts key: key ED25519 SHA256:AgMN4B8DrxkLAh1aUcPA4Hl+7vnNBFz9L7KEMjV9FBU explicit
        Authenticated to 127.0.0.1 ([127.0.0.1]:41022) using "publickey".
        debug1: Remote connections from LOCALHOST:41998 forwarded to local address ./t.sock:-2
        debug1: ssh_init_forwarding: expecting replies for 1 forwards
        debug1: Requesting no-more-sessions@openssh.com
        debug1: Entering interactive session.
        debug1: pledge: network
        debug1: pledge: network
        debug1: client_input_global_request: rtype hostkeys-00@openssh.com want_reply 0
        debug1: Remote: /tmp/tt/ak:1: key options: permitlisten port-forwarding
        debug1: Remote: /tmp/tt/ak:1: key options: permitlisten port-forwarding
        debug1: Remote: port forwarding refused
        debug1: remote forward failure for: listen 41998, connect ./t.sock:-2
        Error: remote port forwarding failed for listen port 41998
        """

    static let nameUnknown = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        ssh: Could not resolve hostname nosuch.invalid: Name or service not known
        """

    static let refused = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41023.
        debug1: connect to address 127.0.0.1 port 41023: Connection refused
        ssh: connect to host 127.0.0.1 port 41023: Connection refused
        """

    static let portal = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41024.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        debug1: kex_exchange_identification: banner line 0: HTTP/1.1 400 Bad Request
        debug1: kex_exchange_identification: banner line 1: Server: nginx
        debug1: kex_exchange_identification: banner line 2: Connection: close
        debug1: kex_exchange_identification: banner line 3: 
        debug1: kex_exchange_identification: banner line 4: <html>no</html>
        kex_exchange_identification: Connection closed by remote host
        Connection closed by 127.0.0.1 port 41024
        """

    static let closedEarly = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41024.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        kex_exchange_identification: Connection closed by remote host
        Connection closed by 127.0.0.1 port 41024
        """

    static let silent = """
        OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.22 25 Aug 2026
        debug1: Connecting to 127.0.0.1 [127.0.0.1] port 41024.
        debug1: fd 3 clearing O_NONBLOCK
        debug1: Connection established.
        debug1: identity file key type 3
        debug1: identity file key-cert type -1
        debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10
        Connection timed out during banner exchange
        Connection to 127.0.0.1 port 41024 timed out
        """
}
