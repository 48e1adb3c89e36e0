package volume

import (
	"context"
	"errors"
	"fmt"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// making is a snapshot while it is being made. It is not safe for concurrent use.
type making struct {
	service *Service
	req     SnapshotRequest
	command zbs.CreateSnapshot
	size    int64    // of the volume, in bytes
	before  presence // of the snapshot, before anything was sent
}

// existing is the outcome when the snapshot was there before; why matches ErrExists.
func (m *making) existing(why error) (Snapshot, error) {
	if m.req.SkipIfExisting {
		return Snapshot{Path: m.req.Path, Existed: true, Confirmed: true}, nil
	}
	return Snapshot{}, why
}

// plausible reports whether an agent's answer is about this snapshot, and tells the
// size of the volume.
func (m *making) plausible(answer zbs.Created) bool {
	return clean(answer, m.req.Path) && int64(answer.Size) == m.size
}

// verified is the outcome after an agent said that the snapshot is made. When no
// MDS could look before, none is asked now.
func (m *making) verified(ctx context.Context, answer zbs.Created, trace mds.Trace) (Snapshot, error) {
	if m.before == untold {
		return m.believed(ctx, answer)
	}
	switch m.service.presenceOf(ctx, m.req.Path) {
	case untold:
		return m.believed(ctx, answer)
	case missing:
		if err := m.service.confirm(ctx, trace, m.there); err != nil {
			return Snapshot{}, err
		}
	}
	return Snapshot{Path: m.req.Path, Size: m.size, Confirmed: true}, nil
}

// there looks for the snapshot.
func (m *making) there(ctx context.Context) (bool, error) {
	return m.service.findSnapshot(ctx, m.req.Path)
}

// believed is the outcome when an agent said that the snapshot is made, and no MDS
// can look.
func (m *making) believed(ctx context.Context, answer zbs.Created) (Snapshot, error) {
	if m.plausible(answer) {
		return Snapshot{Path: m.req.Path, Size: m.size}, nil
	}
	return m.readAnswer(ctx, answer)
}

// readAnswer reads back a snapshot that an agent says it made, in an answer that is
// not plausible. The command is sent again: the storage refuses the name if the
// snapshot is there, and makes it otherwise.
func (m *making) readAnswer(ctx context.Context, said zbs.Created) (Snapshot, error) {
	why := errors.New("no MDS confirms it")
	for _, addr := range m.service.caller.Addrs() {
		answer, err := m.resend(ctx, addr)
		switch {
		case err == nil && clean(answer, m.req.Path):
			return Snapshot{Path: m.req.Path, Size: int64(answer.Size)}, nil
		case errors.Is(err, ErrExists):
			info, err := m.service.Query(ctx, m.req.Path.OfVolume())
			if err == nil {
				err = possible(info)
			}
			if err != nil {
				return Snapshot{}, unread(said, err)
			}
			return Snapshot{Path: m.req.Path, Size: info.Size, Confirmed: true}, nil
		case err != nil:
			why = err
		}
	}
	return Snapshot{}, unread(said, why)
}

// settled finds out what came of attempts that may have run. A snapshot that was
// missing before and is there now was made by them.
func (m *making) settled(ctx context.Context, cause *mds.WalkError) (Snapshot, error) {
	made := Snapshot{Path: m.req.Path, Size: m.size, Confirmed: true}
	if m.before == missing && m.service.presenceOf(ctx, m.req.Path) == present {
		return made, nil
	}
	all := cause
	for _, addr := range untriedFirst(m.service.caller.Addrs(), cause) {
		answer, err := m.resend(ctx, addr)
		callErr, failed := errors.AsType[*mds.WalkError](err)
		switch {
		case err == nil && clean(answer, m.req.Path):
			return m.verified(ctx, answer, mds.Trace{Attempts: all.Attempts})
		case errors.Is(err, ErrExists) && m.before == missing:
			return made, nil
		case errors.Is(err, ErrExists) && m.req.SkipIfExisting:
			return m.existing(err)
		case errors.Is(err, ErrExists):
			return Snapshot{}, fmt.Errorf("%w; there is a snapshot of the name, made by this call or before it", cause)
		case failed:
			all = joined(all, callErr)
		}
	}
	if m.before == untold {
		return Snapshot{}, cause
	}
	if err := m.service.readBack(ctx, all, m.there); err != nil {
		return Snapshot{}, err
	}
	return made, nil
}

// resend sends the command to one MDS.
func (m *making) resend(ctx context.Context, addr zbs.Addr) (zbs.Created, error) {
	answer, err := mds.Call(ctx, m.service.caller, m.command, mds.Target(addr), mds.Timeout(ChangeTimeout))
	return answer, asExists(err)
}

// untriedFirst puts the MDS that may have run the call last.
func untriedFirst(addrs []zbs.Addr, callErr *mds.WalkError) []zbs.Addr {
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

func mayHaveRunAt(callErr *mds.WalkError, addr zbs.Addr) bool {
	for _, a := range callErr.Attempts {
		if a.Addr == addr && a.MayHaveRun() {
			return true
		}
	}
	return false
}
