package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/zbs"
)

// target is what an agent said of the vhost target of a host.
type target struct {
	host  string
	state targetState
	err   error // why it is down, as far as that was said, or unknown
}

type targetState uint8

const (
	targetUnknown targetState = iota
	targetDown
	targetUp
)

// checkDoc and healthDoc are the JSON and YAML of zbsctl vhost check and health, a
// contract: see docs/json-output.md.
type checkDoc struct {
	Host  string `json:"host"`
	Ready *bool  `json:"ready"` // null when nothing is known
	Error string `json:"error,omitempty"`
}

type healthDoc struct {
	Host    string `json:"host"`
	Running *bool  `json:"running"` // null when nothing is known
	Error   string `json:"error,omitempty"`
}

func (a *app) vhostCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check IP",
		Short: "Ask whether vhost is ready on a host",
		Long: `Ask whether vhost is ready on a host: whether its container runs there and answers.
An agent looks for about 20 seconds before it says no. Only agents since generation
G10 can tell (zbsctl mds status). The exit code is 0 when it is ready, 1 when an
agent says that it is not, and 4 when no agent can tell.

The agents need no password for this. One from --password-file is sent, that of the
environment variable ZBS_HOST_PASSWORD is not.`,
		Example: "  zbsctl vhost check 10.0.0.5",
		Args:    cobra.ExactArgs(1),
	}
	out, h := outputFlag(cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		host, err := h.forCheck(cmd.Context(), a, args[0])
		if err != nil {
			return err
		}
		return a.withCluster(func(c cluster) error {
			t := checked(host.IP, c.CheckVhost(cmd.Context(), host))
			return a.printTarget(*out, t, checkDoc{t.host, t.up(), t.reason()}, "ready")
		})
	}
	return cmd
}

// forCheck returns the host, with access to it only if a file with the password is
// named.
func (h *hostAccess) forCheck(ctx context.Context, a *app, ip string) (zbs.HostAccess, error) {
	host := zbs.HostAccess{IP: ip}
	if h.passwordFile == "" {
		return host, (zbs.CheckVhost{Host: host}).Validate()
	}
	host = zbs.HostAccess{IP: ip, Port: h.port, Username: h.user, Password: placeholder}
	if err := (zbs.CheckVhost{Host: host}).Validate(); err != nil {
		return host, err
	}
	var err error
	host.Password, err = h.password(ctx, &changing{app: a}, host)
	return host, err
}

// checked is what a check came to: an agent's refusal says that it is not ready.
func checked(host string, err error) target {
	switch {
	case err == nil:
		return target{host, targetUp, nil}
	case as[*zbs.AgentError](err):
		return target{host, targetDown, err}
	}
	return target{host, targetUnknown, err}
}

func (a *app) vhostHealthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health IP",
		Short: "Ask whether the vhost target of a host runs",
		Long: `Ask whether the vhost target of a host runs. Only agents since generation G10 can
tell (zbsctl mds status). The exit code is 0 when it runs, 1 when it does not, and 4
when no agent can tell.`,
		Example: "  zbsctl vhost health 10.0.0.5 -o json | jq .running",
		Args:    cobra.ExactArgs(1),
	}
	out := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := (zbs.GetVhostHealth{HostIP: args[0]}).Validate(); err != nil {
			return err
		}
		return a.withCluster(func(c cluster) error {
			running, err := c.VhostHealth(cmd.Context(), args[0])
			t := healthOf(args[0], running, err)
			return a.printTarget(*out, t, healthDoc{t.host, t.up(), t.reason()}, "running")
		})
	}
	return cmd
}

// healthOf is what a look at the health came to.
func healthOf(host string, running bool, err error) target {
	switch {
	case err != nil:
		return target{host, targetUnknown, err}
	case running:
		return target{host, targetUp, nil}
	}
	return target{host, targetDown, nil}
}

// up returns nil when nothing is known.
func (t target) up() *bool {
	if t.state == targetUnknown {
		return nil
	}
	up := t.state == targetUp
	return &up
}

func (t target) reason() string {
	if t.err == nil {
		return ""
	}
	return t.err.Error()
}

// printTarget prints the document, or for people the state as word or as its
// contrary, and counts the exit code.
func (a *app) printTarget(out format, t target, doc any, word string) error {
	if out.machine() {
		if err := encode(a.stdout, out, doc); err != nil {
			return err
		}
	} else {
		state := map[targetState]cell{targetUp: {word, green}, targetDown: {"not " + word, red}, targetUnknown: {"cannot tell", yellow}}
		table := table{header: []string{"HOST", "VHOST"}}
		table.add(cell{text: t.host}, state[t.state])
		table.print(a.stdout, a.coloured(a.stdout))
	}
	if t.err != nil {
		a.printError(t.err)
	}
	switch t.state {
	case targetDown:
		a.code = max(a.code, exitFailed)
	case targetUnknown:
		a.code = max(a.code, exitCode(t.err))
	}
	return nil
}
