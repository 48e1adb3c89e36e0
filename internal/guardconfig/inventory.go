package guardconfig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/volume/guard/hostfile"
	"github.com/zbsclient/zbsclient/volume/guard/proof"
)

// ErrUnreachable says that the source of the inventory does not answer now. The
// inventory itself has no known mistake.
var ErrUnreachable = errors.New("the inventory of hosts cannot be read")

// Hosts says where the inventory comes from. The zero Hosts names no source.
type Hosts struct {
	file     string // as package hostfile reads it
	literal  guard.Hosts
	where    string // file and line, or flag, that name file or literal
	database *database
}

// Given reports whether there is a source of hosts.
func (h Hosts) Given() bool { return h.file != "" || h.literal != nil || h.database != nil }

// Inventory holds the hosts as they were read when it was opened, and the source to
// read them from again. The zero Inventory has neither.
type Inventory struct {
	From   string           // such as "hosts.yaml", for people; empty without a source
	Source guard.HostSource // nil without one

	hosts *proof.Inventory
	close io.Closer
}

// Open reads the inventory. An error that does not match ErrUnreachable is a mistake
// in the inventory.
func (h Hosts) Open(ctx context.Context, logger *slog.Logger) (*Inventory, error) {
	i := &Inventory{}
	var err error
	switch {
	case h.file != "":
		i.From, i.Source = h.file, hostfile.Source(h.file)
	case h.literal != nil:
		i.From, i.Source = h.where, h.literal
	case h.database != nil:
		i.From = "ZStack's database (" + h.database.where + ")"
		if i.Source, i.close, err = h.database.open(ctx, logger); err != nil {
			return nil, err
		}
	default:
		return i, nil
	}
	hosts, err := i.Source.Hosts(ctx)
	if err == nil {
		i.hosts, err = proof.NewInventory(hosts)
	}
	if err != nil {
		i.Close()
		if _, unread := errors.AsType[*fs.PathError](err); unread {
			err = fmt.Errorf("%s: %w", h.where, err)
		}
		return nil, err
	}
	return i, nil
}

// Close closes the source.
func (i *Inventory) Close() {
	if i.close != nil {
		i.close.Close()
	}
}

// Hosts returns the hosts as they were read.
func (i *Inventory) Hosts() []guard.Host {
	hosts := make([]guard.Host, i.hosts.Len())
	for k := range hosts {
		hosts[k] = i.hosts.At(k)
	}
	return hosts
}

// Find returns the host with this name or address.
func (i *Inventory) Find(nameOrAddr string) (guard.Host, bool) {
	k, ok := i.hosts.Find(nameOrAddr)
	if !ok {
		return guard.Host{}, false
	}
	return i.hosts.At(k), true
}

// Check returns an error if the inventory has no host with this name or address. A
// mistyped name would allow no host, and account for none. Without an inventory any
// address is accepted.
func (i *Inventory) Check(nameOrAddr string) error {
	if _, ok := i.Find(nameOrAddr); ok {
		return nil
	}
	if i.Source != nil {
		return fmt.Errorf("%q is no host of %s, neither by name nor by address", nameOrAddr, i.From)
	}
	if _, ok := proof.HostAddr(nameOrAddr); !ok {
		return fmt.Errorf("%q is no address, and there is no inventory of hosts to look the name up in", nameOrAddr)
	}
	return nil
}

// File is an inventory in a file. The string where says what names the file, such as a
// flag.
func File(where, path string) Hosts { return Hosts{file: path, where: where} }

// Literal is an inventory that is already in memory.
func Literal(where string, hosts guard.Hosts) Hosts { return Hosts{literal: hosts, where: where} }
