package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/zbsclient/zbsclient/zbs"
)

// vhostSockets is the folder in which ZBS's vhost keeps the sockets of block devices.
const vhostSockets = "/var/zbsvhost/"

// domain is the part of a domain's XML that the hook needs.
type domain struct {
	XMLName xml.Name `xml:"domain"`
	Disks   []disk   `xml:"devices>disk"`
}

type disk struct {
	Source    source    `xml:"source"`
	Readonly  *struct{} `xml:"readonly"`
	Shareable *struct{} `xml:"shareable"`
}

type source struct {
	Protocol string `xml:"protocol,attr"`
	Name     string `xml:"name,attr"`
	File     string `xml:"file,attr"`
	Dev      string `xml:"dev,attr"`
	Path     string `xml:"path,attr"`
}

// volumesOf returns the volumes that the domain will write, each once.
func volumesOf(r io.Reader, vhostPool string) ([]zbs.Path, error) {
	var d domain
	if err := xml.NewDecoder(r).Decode(&d); err != nil {
		return nil, fmt.Errorf("read its XML: %w", err)
	}
	var volumes []zbs.Path
	seen := make(map[zbs.Path]bool)
	for _, disk := range d.Disks {
		if disk.Readonly != nil || disk.Shareable != nil {
			continue
		}
		v, ok, err := disk.Source.volume(vhostPool)
		if err != nil {
			return nil, err
		}
		if ok && !v.IsSnapshot() && !seen[v] {
			seen[v] = true
			volumes = append(volumes, v)
		}
	}
	return volumes, nil
}

// volume returns the ZBS volume of a source, and false for a source of another
// storage. A source that looks like ZBS and cannot be read is an error.
func (s source) volume(vhostPool string) (zbs.Path, bool, error) {
	name := strings.Join([]string{s.Name, s.File, s.Dev, s.Path}, "") // one of them is set
	switch {
	case s.Protocol == "cbd" && !strings.HasPrefix(name, "cbd:"):
		name = "cbd:" + name
	case strings.HasPrefix(name, vhostSockets):
		if vhostPool == "" {
			return zbs.Path{}, false, fmt.Errorf("disk %s: the socket does not tell the pool, set vhost-pool in the configuration", name)
		}
		p := zbs.Path{Pool: vhostPool, Volume: path.Base(name)}
		return p, true, p.Validate()
	}
	if !strings.HasPrefix(name, "cbd:") && !strings.HasPrefix(name, "zbs:") {
		return zbs.Path{}, false, nil
	}
	// The user and the configuration of the client may follow the volume.
	name, _, _ = strings.Cut(name, "_zbs_:")
	p, err := zbs.ParsePath(name)
	if err != nil {
		return p, false, errors.Join(errUnknownDisk, err)
	}
	return p, true, nil
}

var errUnknownDisk = errors.New("a disk that looks like ZBS cannot be read")
