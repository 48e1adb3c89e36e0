package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/zbs"
)

// vhostCheckCommand returns zbsctl vhost check.
func vhostCheckCommand(env *environment, to *target) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check IP",
		Short: "Ask whether vhost is ready on a host",
		Long: `Ask whether vhost is ready on a host: whether its container runs there and answers.
An agent looks for about 20 seconds before it says no. Only agents since generation
G10 can tell (zbsctl mds status). The exit code is 0 when it is ready, 1 when an
agent says that it is not, and 4 when no agent can tell.

ZStack's newest client sends no password for this. An agent that logs in to the host
needs one: give --password-file. ZBS_HOST_PASSWORD is not used.`,
		Example: "  zbsctl vhost check 10.0.0.5",
		Args:    cobra.ExactArgs(1),
	}
	out, h := outputFlag(cmd), hostFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		host, err := h.forCheck(cmd.Context(), env, args[0])
		if err != nil {
			return err
		}
		return to.withCluster(func(c cluster) error {
			a := checkAnswer(host.IP, c.CheckVhost(cmd.Context(), host))
			return a.show(env, *out, checkDoc{a.host, a.up(), a.reason()}, "ready")
		})
	}
	return cmd
}

// forCheck returns the host, with access to it only if a file with the password is
// named.
func (h *hostAccess) forCheck(ctx context.Context, env *environment, ip string) (zbs.HostAccess, error) {
	host := zbs.HostAccess{IP: ip}
	if h.passwordFile != "" {
		host = h.host(ip)
	}
	if err := (zbs.CheckVhost{Host: host}).Validate(); err != nil || h.passwordFile == "" {
		return host, err
	}
	var err error
	host.Password, err = h.password(ctx, env, host, false)
	return host, err
}

// vhostHealthCommand returns zbsctl vhost health.
func vhostHealthCommand(env *environment, to *target) *cobra.Command {
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
		return to.withCluster(func(c cluster) error {
			running, err := c.VhostHealth(cmd.Context(), args[0])
			a := healthAnswer(args[0], running, err)
			return a.show(env, *out, healthDoc{a.host, a.up(), a.reason()}, "running")
		})
	}
	return cmd
}
