package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// configTopic is the help on where the MDS come from.
func configTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "How to name the MDS once: environment and configuration file",
		Long:  configHelp,
	}
}

// configHelp is the text of zbsctl help config.
const configHelp = `The MDS come from the first of these that names any:

  1. --mds, repeated or with commas between
  2. the context named by --context
  3. ZBS_MDS, with spaces or commas between
  4. the context named by ZBS_CONTEXT, or by "current" in the configuration file:
     --config, else ZBS_CONFIG, else ~/.config/zbsctl/config.yaml

An MDS is a host name or address, host:port, http(s)://host:port/root, or an MDS
URL user:password@host[:sshPort]/[?mdsPort=N], of which only the host is used.
A password may contain a comma, so an entry with an @ is never split at commas.

The configuration file:

  current: prod
  contexts:
    prod:
      mds:
        - mds-a
        - mds-b:7763
        - mds-c
      timeout: 10s            # of each attempt, 30s unless set
      connect-timeout: 3s     # of connecting, 30s unless set
      hostsFile: hosts.yaml   # the inventory of hosts, beside this file
      # self-fencing: 150s    # a promise: hosts that lose the MDS end their machines
                              # within this time; read docs/guard-rules.md first
      max-fence-age: 10m      # how old a --fenced may be
      timing:                 # of the storage's registry of clients
        refresh: 5s
        leader-retry: 8s
        registry-expiry: 50s
        interval: 13s         # between rounds
        span: 6s              # of the questions to one MDS
        rounds: 2

zbsctl guard, volume delete, volume export and snapshot rollback use an inventory of
hosts. It is named in one of three ways:

      hosts:
        - name: kvm-1
          addrs: [10.0.0.5, 192.168.7.5]  # all that an MDS may list
          open: ["zbs://pool/vol-1"]      # volumes known to be open there now
        - {name: kvm-2, addrs: [10.0.0.6], state: maintenance}

      hostsFile: hosts.yaml   # a file with the key hosts, as above

      zstackDatabase:         # ZStack's own database, only read
        dsnFile: zstack.dsn   # it holds USER:PASSWORD@tcp(HOST:3306)/zstack;
                              # or dsnEnv: VARIABLE, or dsn, password and all
        primaryStorage: UUID  # hosts that have it attached; absent: all

--hosts-file takes precedence over the context. The inventory of the context counts
only when the MDS come from it or --context names it: hosts of another cluster prove
nothing.`

// exitCodesTopic is the help on exit codes.
func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: fmt.Sprintf(`Exit codes, the same for every command and output format:

  %d  done
  %d  failed: it does not exist, exists already, was refused or provably not done
  %d  wrong usage: flag, argument, path, address or configuration; nothing was sent
  %d  the volume is in use, or was not released in time; it was not changed
  %d  cannot tell: no MDS answered, nobody knows whether the volume is in use, or a
     change may have run or run yet

A command for several volumes exits with the largest of their codes.`,
			exitDone, exitFailed, exitUsage, exitInUse, exitCannotTell),
	}
}
