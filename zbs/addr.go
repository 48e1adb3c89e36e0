package zbs

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// ErrInvalidAddr is wrapped by every error about the address of an MDS. Its text never
// repeats anything that may be a password.
var ErrInvalidAddr = errors.New("invalid MDS address")

// Addr is where the agent of an MDS listens. Addrs are comparable values, safe
// for concurrent use; the zero Addr is no address.
type Addr struct {
	Host string // name, IPv4 or IPv6 without brackets
	Port int    // of the agent
	TLS  bool   // https
	Root string // deployment prefix such as "/agent", usually empty
}

// ParseAddr reads the address of an MDS in any spelling operators use:
//
//	mds-a   10.0.0.1   2001:db8::1          agent on AgentPort
//	mds-a:7000   [2001:db8::1]:7000         agent on that port
//	http://mds-a:7763/root   https://…      with scheme and deployment prefix
//	user:password@mds-a:22/?mdsPort=6666    MDS URL: only the host is kept
//
// In an MDS URL everything before the last @ is user info, which is dropped:
// agents take no credentials. Its two ports are those of ssh and of the MDS
// itself. They are checked and dropped: the agent listens on AgentPort. Errors wrap
// ErrInvalidAddr.
func ParseAddr(s string) (Addr, error) {
	addr, err := parseAddr(strings.TrimSpace(s))
	if err != nil {
		return Addr{}, fmt.Errorf("%w %q: %w", ErrInvalidAddr, RedactAddr(s), err)
	}
	return addr, nil
}

func parseAddr(s string) (Addr, error) {
	if rest, ok := strings.CutPrefix(s, "http://"); ok {
		return parseHTTPAddr(rest, false)
	}
	if rest, ok := strings.CutPrefix(s, "https://"); ok {
		return parseHTTPAddr(rest, true)
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return parseMDSURL(s[:at], s[at+1:])
	}
	return parseHostPort(s, AgentPort)
}

func parseHTTPAddr(s string, tls bool) (Addr, error) {
	s = s[strings.LastIndexByte(s, '@')+1:]
	if strings.ContainsAny(s, "?#") {
		return Addr{}, errors.New("an agent's URL takes no query, drop what follows the path")
	}
	hostport, root, _ := strings.Cut(s, "/")
	addr, err := parseHostPort(hostport, AgentPort)
	if err != nil {
		return Addr{}, err
	}
	addr.TLS = tls
	addr.Root, err = cleanRoot(root)
	return addr, err
}

// cleanRoot returns the prefix with one leading and no trailing slash.
func cleanRoot(root string) (string, error) {
	root = strings.Trim(root, "/")
	if root == "" {
		return "", nil
	}
	for segment := range strings.SplitSeq(root, "/") {
		if err := CheckName("root path", segment); err != nil {
			return "", err
		}
	}
	return "/" + root, nil
}

func parseMDSURL(userinfo, rest string) (Addr, error) {
	user, password, _ := strings.Cut(userinfo, ":")
	if user == "" || password == "" {
		return Addr{}, errors.New("user or password is empty, want user:password@host[:sshPort]/[?mdsPort=N]")
	}
	rest, query, _ := strings.Cut(rest, "?")
	const sshPort = 22
	addr, err := parseHostPort(strings.TrimSuffix(rest, "/"), sshPort)
	if err != nil {
		return Addr{}, err
	}
	addr.Port = AgentPort
	return addr, checkMDSQuery(query)
}

func checkMDSQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the query cannot be read, want ?mdsPort=N")
	}
	for key, ports := range values {
		if key != "mdsPort" {
			return fmt.Errorf("unknown query key %q, only mdsPort is known", key)
		}
		for _, port := range ports {
			if _, err := parsePort("mdsPort", port); err != nil {
				return err
			}
		}
	}
	return nil
}

func parseHostPort(s string, defaultPort int) (Addr, error) {
	host, portText, hasPort := s, "", false
	if bracketed, ok := strings.CutPrefix(s, "["); ok {
		var rest string
		if host, rest, ok = strings.Cut(bracketed, "]"); !ok {
			return Addr{}, errors.New("the bracket of the IPv6 address is not closed")
		}
		if portText, hasPort = strings.CutPrefix(rest, ":"); rest != "" && !hasPort {
			return Addr{}, errors.New("want :port or nothing behind the bracket")
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() {
			return Addr{}, errors.New("no IPv6 address in the brackets")
		}
	} else if strings.Count(s, ":") == 1 {
		host, portText, hasPort = strings.Cut(s, ":")
	}
	addr := Addr{Host: host, Port: defaultPort}
	if err := checkHost(host); err != nil {
		return Addr{}, err
	}
	if !hasPort {
		return addr, nil
	}
	var err error
	addr.Port, err = parsePort("port", portText)
	return addr, err
}

// checkHost accepts what can be a host by allow-list: the host goes into
// commands as the MDS's addr.
func checkHost(host string) error {
	if strings.Contains(host, ":") {
		if ip, err := netip.ParseAddr(host); err != nil || ip.Zone() != "" {
			return errors.New("neither host:port nor an IPv6 address without a zone")
		}
		return nil
	}
	if host == "" {
		return errors.New("the host is missing")
	}
	if CheckName("host", host) != nil {
		return errors.New("the host has characters beside A-Z a-z 0-9 . _ -, or is too long")
	}
	return nil
}

// parsePort does not quote a bad port: user:password without a host looks like
// host:port.
func parsePort(what, s string) (int, error) {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("the %s is no number in 1..65535", what)
	}
	return int(port), nil
}

// RedactAddr returns the text of an MDS address, and masks everything that may be a
// password: the user info before the last @, and the text behind the first colon
// unless it is a port or part of an IPv6 address.
func RedactAddr(s string) string {
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		return "***" + s[at:]
	}
	scheme, rest := "", s
	if before, after, ok := strings.Cut(s, "://"); ok {
		scheme, rest = before+"://", after
	}
	host, port, ok := strings.Cut(rest, ":")
	if !ok || strings.HasPrefix(rest, "[") || checkHost(rest) == nil {
		return s
	}
	port, _, _ = strings.Cut(port, "/")
	if _, err := parsePort("port", port); err != nil {
		return scheme + host + ":***"
	}
	return s
}

// IsZero reports whether a is the zero Addr.
func (a Addr) IsZero() bool { return a == Addr{} }

// HostPort returns host:port to dial, an IPv6 host in brackets.
func (a Addr) HostPort() string { return joinHostPort(a.Host, int64(a.Port)) }

// joinHostPort is net.JoinHostPort. This package must have no import path to the
// network, because package proof uses it.
func joinHostPort(host string, port int64) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.FormatInt(port, 10)
}

// String returns host:port, and the whole URL where scheme or root are not the
// usual ones. ParseAddr reads it back.
func (a Addr) String() string {
	if a.TLS || a.Root != "" {
		return a.base()
	}
	return a.HostPort()
}

// URL returns where requests for the endpoint go.
func (a Addr) URL(e Endpoint) string { return a.base() + e.Path() }

func (a Addr) base() string {
	scheme := "http://"
	if a.TLS {
		scheme = "https://"
	}
	return scheme + a.HostPort() + a.Root
}

// MarshalText returns String.
func (a Addr) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseAddr.
func (a *Addr) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAddr(string(text))
	return err
}
