package cli

import (
	"context"
	"errors"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostChange makes the change of a host that an agent reaches with this access. The
// first result is its command, to check.
type hostChange func(zbs.HostAccess) (validator, change)

// validator is a command that can be checked.
type validator interface{ Validate() error }

// announce checks the command of a change before anything else, and asks the user to
// confirm what it destroys. An empty warning means that it destroys nothing.
func announce(ctx context.Context, c *changer, host zbs.HostAccess, warning string, by hostChange) error {
	command, _ := by(host)
	if err := command.Validate(); err != nil {
		return err
	}
	if warning == "" {
		return nil
	}
	return c.confirm(ctx, warning, host.IP)
}

// changeWithPassword makes a change for which every agent needs access to the host.
func changeWithPassword(ctx context.Context, c *changer, h *hostAccess, ip, warning string, by hostChange) error {
	host := h.host(ip)
	if err := announce(ctx, c, host, warning, by); err != nil {
		return err
	}
	var err error
	if host.Password, err = h.password(ctx, c.env, host, c.dryRun); err != nil {
		return err
	}
	_, ch := by(host)
	return c.run(ctx, []change{ch})
}

// changeByAddress makes a change for which newer agents need no access to the host.
// It asks for a password that was not given only when an agent turns out to need it.
func changeByAddress(ctx context.Context, c *changer, h *hostAccess, ip, warning string, by hostChange) error {
	if h.given(c.env) {
		return changeWithPassword(ctx, c, h, ip, warning, by)
	}
	host := h.host(ip)
	if err := announce(ctx, c, host, warning, by); err != nil {
		return err
	}
	_, ch := by(zbs.HostAccess{IP: ip})
	ch.instead = func(ctx context.Context, err error) (*change, error) {
		if _, interactive := c.env.interactive(); !interactive || !errors.Is(err, zbs.ErrHostAccess) || errors.Is(err, mds.ErrAmbiguous) {
			return nil, nil
		}
		var failed error
		if host.Password, failed = h.password(ctx, c.env, host, c.dryRun); failed != nil {
			return nil, failed
		}
		_, ch := by(host)
		return &ch, nil
	}
	return c.run(ctx, []change{ch})
}
