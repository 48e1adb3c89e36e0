// Libvirt-hook is a qemu hook of libvirt that refuses to start a domain whose
// disk is open on another host. It fails closed: the domain also does not start when
// the Guard cannot tell, when the configuration is wrong, or when the domain's XML
// cannot be read.
//
//	go build -o /etc/libvirt/hooks/qemu ./examples/libvirt-hook
//
// Libvirt calls it with GUEST OPERATION SUB-OPERATION EXTRA and the domain's XML
// on standard input (https://libvirt.org/hooks.html). The hook acts on two events.
// "prepare begin" comes before any disk of the domain is opened. "migrate begin" says
// that the domain comes from another host, which has its disks open until the
// migration ends. Disks that are read-only or shareable may be open elsewhere, so the
// hook ignores them. Disks that are plugged in later do not pass a hook.
//
// Its configuration is /etc/zbsclient/libvirt-hook.yaml, see config.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/volume/guard"
	"github.com/zbsclient/zbsclient/zbs"
)

func main() {
	path := os.Getenv("ZBS_HOOK_CONFIG")
	if path == "" {
		path = defaultConfig
	}
	h := hook{configPath: path, newCaller: func(c config) (*mds.Caller, error) { return mds.New(c.MDS) }}
	if err := h.run(context.Background(), os.Args[1:], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "zbsclient:", err) // libvirt shows it to the user that starts the domain
		os.Exit(1)
	}
}

type hook struct {
	configPath string
	newCaller  func(config) (*mds.Caller, error)
}

// run returns nil if libvirt may go on.
func (h hook) run(ctx context.Context, args []string, stdin io.Reader) error {
	if len(args) < 3 {
		return fmt.Errorf("called with %d arguments, want GUEST OPERATION SUB-OPERATION EXTRA", len(args))
	}
	guest, event := args[0], args[1]+" "+args[2]
	if event != "prepare begin" && event != "migrate begin" {
		return nil // "reconnect" above all: a failure there kills a running domain
	}
	cfg, err := readConfig(h.configPath)
	if err != nil {
		return err
	}
	if event == "migrate begin" {
		return cfg.announce(guest)
	}
	migrates := cfg.announced(guest)
	volumes, err := volumesOf(stdin, cfg.VhostPool)
	if err != nil {
		return fmt.Errorf("domain %s: %w", guest, err)
	}
	if len(volumes) == 0 {
		return nil
	}
	if err := h.check(ctx, cfg, volumes, migrates); err != nil {
		return fmt.Errorf("domain %s is not started: %w", guest, err)
	}
	return nil
}

// check returns nil when every volume is proved free. The volumes of a domain that
// migrates may be open on the host that it comes from, and on no other.
func (h hook) check(ctx context.Context, cfg config, volumes []zbs.Path, migrates bool) error {
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	caller, err := h.newCaller(cfg)
	if err != nil {
		return err
	}
	defer caller.Close()
	g, err := cfg.guard.Open(ctx, caller, slog.New(slog.DiscardHandler))
	if err != nil {
		return oneLine(err)
	}
	defer g.Close()
	err = checkAll(ctx, g.Guard, volumes)
	if source := onlyHolder(err); source != "" && migrates {
		err = checkAll(ctx, g.Guard, volumes, guard.AllowHost(source))
	}
	return err
}

// checkAll returns an error for each volume that is not proved free. All volumes must
// be free at the same time, so a verdict that has expired when the last one arrives
// is an error, too.
func checkAll(ctx context.Context, g *guard.Guard, volumes []zbs.Path, opts ...guard.CheckOption) error {
	var errs []error
	var free []guard.Report
	for report, err := range g.CheckAll(ctx, slices.Values(volumes), opts...) {
		if errs = append(errs, err); err == nil {
			free = append(free, report)
		}
	}
	for _, report := range free {
		if report.Expired() {
			errs = append(errs, fmt.Errorf("%w: %w: %s was free until %s", guard.ErrUndetermined, guard.ErrReportExpired, report.Volume, report.ValidUntil()))
		}
	}
	return oneLine(errors.Join(errs...))
}

// onlyHolder returns the host that alone has any of the volumes open. It returns ""
// when there are several hosts, or any other error.
func onlyHolder(err error) string {
	joined, ok := errors.AsType[*lineError](err)
	if !ok {
		return ""
	}
	var hosts []string
	for _, err := range joined.errs {
		inUse, ok := errors.AsType[*guard.InUseError](err)
		if !ok {
			return ""
		}
		for _, holder := range inUse.Holders {
			hosts = append(hosts, holder.Host)
		}
	}
	slices.Sort(hosts)
	if hosts = slices.Compact(hosts); len(hosts) != 1 {
		return ""
	}
	return hosts[0]
}

// lineError joins several errors in one line, for libvirt's log.
type lineError struct{ errs []error }

func oneLine(err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	return &lineError{joined.Unwrap()}
}

func (e *lineError) Error() string {
	texts := make([]string, len(e.errs))
	for i, err := range e.errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e *lineError) Unwrap() []error { return e.errs }
