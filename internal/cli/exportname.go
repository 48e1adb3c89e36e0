package cli

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/zbsclient/zbsclient/zbs"
)

// export names an NBD export, by its MDS or by the host of the URL.
type export struct {
	addr zbs.Addr
	host string // instead of addr
	port int
}

// parseExport parses MDS PORT, or nbd://HOST:PORT.
func parseExport(args []string) (e export, err error) {
	port := ""
	if len(args) == 2 {
		if e.addr, err = zbs.ParseAddr(args[0]); err != nil {
			return e, err
		}
		port = args[1]
	} else {
		u, err := url.Parse(args[0])
		if err != nil || u.Scheme != "nbd" || u.Hostname() == "" {
			return e, usagef("want MDS PORT, or nbd://HOST:PORT as export printed it")
		}
		e.host, port = u.Hostname(), u.Port()
	}
	if e.port, err = strconv.Atoi(port); err != nil {
		return e, usagef("port %q is no number", port)
	}
	return e, nil
}

// mds returns the MDS that exports. A host stands for the one MDS of the list on it.
func (e export) mds(list []zbs.Addr) (zbs.Addr, error) {
	if e.host == "" {
		return e.addr, nil
	}
	elsewhere := func(addr zbs.Addr) bool { return addr.Host != e.host }
	there := slices.DeleteFunc(slices.Clone(list), elsewhere)
	if len(there) != 1 {
		return zbs.Addr{}, usagef("%d MDS of the list are on %s: name the one that exports as MDS PORT", len(there), e.host)
	}
	return there[0], nil
}
