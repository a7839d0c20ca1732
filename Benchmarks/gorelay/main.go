// The smallest honest relay on Go's x/crypto/ssh: what a careful author would write in an afternoon on the library that is
// under sish, ShellHub and Teleport. A rival for scripts/bench, not a product: no commands, no limits, no log.
//
//	gorelay HOST_KEY AUTHORIZED
//
// Listens on a loopback port of the kernel's choice and prints "listening on ADDRESS". AUTHORIZED has a line per key,
// "terminal PORT KEY" or "staff - KEY". A terminal's key may forward its own port, which is a name here and never a socket;
// a staff key may open any of them.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// Bytes copied at a time: the largest packet of this library, so that one read fills one packet.
const copyBytes = 32 * 1024

// Strings and numbers in the order of RFC 4254 §7.1 and §7.2, for ssh.Marshal and ssh.Unmarshal.
type forwardRequest struct {
	Address string
	Port    uint32
}

type channelAddresses struct {
	Address    string
	Port       uint32
	Originator string
	FromPort   uint32
}

// A tunnel: the terminal's connection, and the address by which it will recognise its own forward.
type tunnel struct {
	connection ssh.Conn
	address    string
}

type relay struct {
	config ssh.ServerConfig
	keys   map[string]uint32 // static after start: marshalled public key → listening port, 0 for staff

	lock    sync.RWMutex
	tunnels map[uint32]tunnel // by listening port, guarded by lock
}

var buffers = sync.Pool{New: func() any { return new([copyBytes]byte) }}

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: gorelay HOST_KEY AUTHORIZED"))
	}
	hub := &relay{keys: map[string]uint32{}, tunnels: map[uint32]tunnel{}}
	hub.readHostKey(os.Args[1])
	hub.readKeys(os.Args[2])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println("listening on", listener.Addr())
	for {
		socket, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go hub.serve(socket)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gorelay:", err)
	os.Exit(1)
}

func (hub *relay) readHostKey(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		fail(err)
	}
	hub.config.PublicKeyCallback = hub.authenticate
	hub.config.AddHostKey(key)
}

func (hub *relay) readKeys(path string) {
	file, err := os.Open(path)
	if err != nil {
		fail(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.SplitN(lines.Text(), " ", 3)
		if len(words) != 3 {
			fail(fmt.Errorf("%s: %q is not ROLE PORT KEY", path, lines.Text()))
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(words[2]))
		if err != nil {
			fail(err)
		}
		port := uint64(0)
		if words[0] != "staff" {
			if port, err = strconv.ParseUint(words[1], 10, 16); err != nil {
				fail(err)
			}
		}
		hub.keys[string(key.Marshal())] = uint32(port)
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

// Says who a key is; the library has the signature checked before what is returned counts.
func (hub *relay) authenticate(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	if _, known := hub.keys[string(key.Marshal())]; !known {
		return nil, errors.New("unknown key")
	}
	return &ssh.Permissions{Extensions: map[string]string{"key": string(key.Marshal())}}, nil
}

func (hub *relay) serve(socket net.Conn) {
	defer socket.Close()
	connection, channels, requests, err := ssh.NewServerConn(socket, &hub.config)
	if err != nil {
		return
	}
	port := hub.keys[connection.Permissions.Extensions["key"]]
	go hub.answer(connection, port, requests)
	for channel := range channels {
		switch {
		case port != 0:
			channel.Reject(ssh.Prohibited, "a terminal opens no channels")
		case channel.ChannelType() != "direct-tcpip":
			channel.Reject(ssh.UnknownChannelType, "only direct-tcpip")
		default:
			go hub.bridge(channel)
		}
	}
	hub.forget(connection, port)
}

// Answers a connection's global requests: its own forward, and keepalives, which want any answer.
func (hub *relay) answer(connection ssh.Conn, port uint32, requests <-chan *ssh.Request) {
	for request := range requests {
		var wanted forwardRequest
		granted := request.Type == "tcpip-forward" && port != 0 && ssh.Unmarshal(request.Payload, &wanted) == nil && wanted.Port == port
		if granted {
			hub.lock.Lock()
			old, taken := hub.tunnels[wanted.Port]
			hub.tunnels[wanted.Port] = tunnel{connection, wanted.Address}
			hub.lock.Unlock()
			if taken && old.connection != connection {
				old.connection.Close() // the newest connection of a key has its port
			}
		}
		if request.WantReply {
			request.Reply(granted, nil)
		}
	}
}

func (hub *relay) forget(connection ssh.Conn, port uint32) {
	hub.lock.Lock()
	defer hub.lock.Unlock()
	if hub.tunnels[port].connection == connection {
		delete(hub.tunnels, port)
	}
}

// Joins a channel of staff to a new one of the tunnel that has the port it asks for.
func (hub *relay) bridge(asked ssh.NewChannel) {
	var target channelAddresses
	if err := ssh.Unmarshal(asked.ExtraData(), &target); err != nil {
		asked.Reject(ssh.ConnectionFailed, "malformed request")
		return
	}
	hub.lock.RLock()
	held, online := hub.tunnels[target.Port]
	hub.lock.RUnlock()
	if !online {
		asked.Reject(ssh.ConnectionFailed, "not connected")
		return
	}
	// A stock client matches a forwarded channel by the address and port that it asked for.
	there, thereRequests, err := held.connection.OpenChannel("forwarded-tcpip", ssh.Marshal(
		channelAddresses{held.address, target.Port, target.Originator, target.FromPort}))
	if err != nil {
		asked.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	here, hereRequests, err := asked.Accept()
	if err != nil {
		there.Close()
		return
	}
	go ssh.DiscardRequests(thereRequests)
	go ssh.DiscardRequests(hereRequests)
	var both sync.WaitGroup
	both.Add(2)
	go carry(there, here, &both)
	go carry(here, there, &both)
	both.Wait()
	here.Close()
	there.Close()
}

// Copies one direction to its end, and hands the end on.
func carry(to, from ssh.Channel, done *sync.WaitGroup) {
	defer done.Done()
	buffer := buffers.Get().(*[copyBytes]byte)
	defer buffers.Put(buffer)
	io.CopyBuffer(to, from, buffer[:])
	to.CloseWrite()
}
