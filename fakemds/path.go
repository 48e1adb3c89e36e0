package fakemds

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/zbsclient/zbsclient/fakemds/internal/storage"
)

// volumePath is a path in one of the spellings that a test may use.
type volumePath struct {
	physical                string // empty in zbs://
	logical, name, snapshot string
	text                    string
}

// parsePath reads zbs://POOL/VOLUME or cbd:PHYSICAL/POOL/VOLUME, with or without
// @SNAPSHOT.
func parsePath(text string) (volumePath, error) {
	p := volumePath{text: text}
	rest, isZbs := strings.CutPrefix(text, "zbs://")
	if !isZbs {
		rest = strings.TrimPrefix(text, "cbd:")
		p.physical, rest, _ = strings.Cut(rest, "/")
	}
	p.logical, rest, _ = strings.Cut(rest, "/")
	p.name, p.snapshot, _ = strings.Cut(rest, "@")
	if p.logical == "" || p.name == "" || strings.Contains(p.name, "/") {
		return p, fmt.Errorf("fakemds: %q is neither zbs://POOL/VOLUME nor cbd:PHYSICAL/POOL/VOLUME", text)
	}
	return p, nil
}

// volume returns the volume of the path, nil when there is none.
func (p volumePath) volume(s *storage.State) *storage.Volume { return s.Volume(p.logical, p.name) }

// mustVolume returns the volume of the path, or what is wrong with the path.
func (p volumePath) mustVolume(s *storage.State) (*storage.Volume, error) {
	if v := p.volume(s); v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("fakemds: no volume %s: add it first", p.text)
}

// change applies f to the volume of the path, whose snapshot may be empty.
func (c *Cluster) change(path string, f func(s *storage.State, v *storage.Volume, snapshot string) error) {
	c.misuse.fail(c.tryChange(path, f))
}

func (c *Cluster) tryChange(path string, f func(*storage.State, *storage.Volume, string) error) error {
	p, _ := parsePath(path) // a wrong path names no volume
	var err error
	c.storage.Do(func(s *storage.State) {
		var v *storage.Volume
		if v, err = p.mustVolume(s); err == nil {
			err = f(s, v, p.snapshot)
		}
	})
	return err
}

// parseClient reads "10.0.0.5" or "10.0.0.5:9001". Without a port it is 0.
func parseClient(text string) (storage.Address, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return storage.Address{IP: strings.Trim(text, "[]")}, nil
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return storage.Address{}, fmt.Errorf("fakemds: client %q: the port is not a number", text)
	}
	return storage.Address{IP: host, Port: n}, nil
}
