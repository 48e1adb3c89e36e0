// Libvirt-hook is a qemu hook of libvirt that refuses to start a domain whose
// disk is open on another host. It fails closed: when nobody can tell, when its
// configuration is wrong, when the domain cannot be read, the domain does not
// start.
//
//	go build -o /etc/libvirt/hooks/qemu ./examples/libvirt-hook
//
// Libvirt calls it with GUEST OPERATION SUB-OPERATION EXTRA and the domain's XML
// on standard input (https://libvirt.org/hooks.html). It acts on "prepare begin",
// before anything of the domain is opened, and on "migrate begin", which says
// that the domain comes from a host that has its disks open until it is here.
// Disks that are read-only or shareable are meant to be open elsewhere and are
// not looked at. Disks that are plugged in later do not pass a hook.
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
		fmt.Fprintln(os.Stderr, "zbsclient:", err) // libvirt shows it to whoever starts the domain
		os.Exit(1)
	}
}

type hook struct {
	configPath string
	newCaller  func(config) (*mds.Caller, error)
}

// run returns nil to let libvirt go on.
func (h hook) run(ctx context.Context, args []string, stdin io.Reader) error {
	if len(args) < 3 {
		return fmt.Errorf("called with %d arguments, want GUEST OPERATION SUB-OPERATION EXTRA", len(args))
	}
	guest, event := args[0], args[1]+" "+args[2]
	if event != "prepare begin" && event != "migrate begin" {
		return nil // above all not "reconnect", whose failure kills a running domain
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

// check returns nil when every volume is proved free. A domain that migrates may
// be open on the host it comes from, and on no other.
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

// checkAll returns what speaks against any of the volumes. All of them must be free
// at the same time: a verdict that has expired when the last one comes in speaks
// against its volume, too.
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

// onlyHolder returns the host that alone has any of the volumes open, and ""
// when there are several, or doubts.
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

// lineError is several errors in one line, as libvirt's log wants it.
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
