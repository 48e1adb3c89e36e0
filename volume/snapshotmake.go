package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// creation is one call of CreateSnapshot. It is not safe for concurrent use.
type creation struct {
	service *Service
	req     SnapshotRequest
	command zbs.CreateSnapshot
	size    int64    // of the volume, in bytes
	before  presence // of the snapshot, before anything was sent
}

// existing is the result if the snapshot existed before; why matches ErrExists.
func (c *creation) existing(why error) (Snapshot, error) {
	if c.req.SkipIfExisting {
		return Snapshot{Path: c.req.Path, Existed: true, Confirmed: true}, nil
	}
	return Snapshot{}, why
}

// plausible reports whether an agent's answer is about this snapshot and has the size
// of the volume.
func (c *creation) plausible(answer zbs.Created) bool {
	return clean(answer, c.req.Path) && int64(answer.Size) == c.size
}

// verified is the result after an agent claimed the snapshot. It asks no MDS if none
// could look before.
func (c *creation) verified(ctx context.Context, answer zbs.Created, trace mds.Trace) (Snapshot, error) {
	if c.before == unknown {
		return c.believed(ctx, answer)
	}
	switch c.service.presenceOf(ctx, c.req.Path) {
	case unknown:
		return c.believed(ctx, answer)
	case missing:
		if err := c.service.confirm(ctx, trace, c.there); err != nil {
			return Snapshot{}, err
		}
	case present:
	}
	return Snapshot{Path: c.req.Path, Size: c.size, Confirmed: true}, nil
}

// there looks for the snapshot.
func (c *creation) there(ctx context.Context) (bool, error) {
	return c.service.findSnapshot(ctx, c.req.Path)
}

// believed is the result after an agent claimed the snapshot and no MDS can look.
func (c *creation) believed(ctx context.Context, answer zbs.Created) (Snapshot, error) {
	if c.plausible(answer) {
		return Snapshot{Path: c.req.Path, Size: c.size}, nil
	}
	return c.readAnswer(ctx, answer)
}

// readAnswer is the result after an agent claimed the snapshot in an answer that is not
// plausible. It sends the command again: the storage refuses the name if the snapshot
// exists, and makes it otherwise.
func (c *creation) readAnswer(ctx context.Context, said zbs.Created) (Snapshot, error) {
	why := errors.New("no MDS confirms it")
	for _, addr := range c.service.caller.Addrs() {
		answer, err := c.resend(ctx, addr)
		switch {
		case err == nil && clean(answer, c.req.Path):
			return Snapshot{Path: c.req.Path, Size: int64(answer.Size)}, nil
		case errors.Is(err, ErrExists):
			info, err := c.service.Query(ctx, c.req.Path.OfVolume())
			if err == nil {
				err = possible(info)
			}
			if err != nil {
				return Snapshot{}, unread(said, err)
			}
			return Snapshot{Path: c.req.Path, Size: info.Size, Confirmed: true}, nil
		case err != nil:
			why = err
		}
	}
	return Snapshot{}, unread(said, why)
}

// afterFailure is the result after a call that may have run. If the snapshot was missing
// before and exists now, that call made it.
func (c *creation) afterFailure(ctx context.Context, cause *mds.CallError) (Snapshot, error) {
	made := Snapshot{Path: c.req.Path, Size: c.size, Confirmed: true}
	if c.before == missing && c.service.presenceOf(ctx, c.req.Path) == present {
		return made, nil
	}
	all := cause
	for _, addr := range untriedFirst(c.service.caller.Addrs(), cause) {
		answer, err := c.resend(ctx, addr)
		callErr, failed := errors.AsType[*mds.CallError](err)
		switch {
		case err == nil && clean(answer, c.req.Path):
			return c.verified(ctx, answer, mds.Trace{Attempts: all.Attempts})
		case errors.Is(err, ErrExists) && c.before == missing:
			return made, nil
		case errors.Is(err, ErrExists) && c.req.SkipIfExisting:
			return c.existing(err)
		case errors.Is(err, ErrExists):
			return Snapshot{}, fmt.Errorf("%w; there is a snapshot of the name, made by this call or before it", cause)
		case failed:
			all = joined(all, callErr)
		}
	}
	if c.before == unknown {
		return Snapshot{}, cause
	}
	if err := c.service.readBack(ctx, all, c.there); err != nil {
		return Snapshot{}, err
	}
	return made, nil
}

// resend sends the command to one MDS.
func (c *creation) resend(ctx context.Context, addr zbs.Addr) (zbs.Created, error) {
	answer, err := mds.Call(ctx, c.service.caller, c.command, mds.Target(addr), mds.Timeout(ChangeTimeout))
	return answer, asExists(err)
}

// untriedFirst returns the MDS in an order with those last that may have run the call.
func untriedFirst(addrs []zbs.Addr, callErr *mds.CallError) []zbs.Addr {
	var untried, tried []zbs.Addr
	for _, addr := range addrs {
		if mayHaveRunAt(callErr, addr) {
			tried = append(tried, addr)
		} else {
			untried = append(untried, addr)
		}
	}
	return append(untried, tried...)
}

func mayHaveRunAt(callErr *mds.CallError, addr zbs.Addr) bool {
	for _, a := range callErr.Attempts {
		if a.Addr == addr && a.MayHaveRun() {
			return true
		}
	}
	return false
}
