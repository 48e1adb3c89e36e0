package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
	"github.com/zbsclient/zbsclient/mds"
)

func configTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "How to name the MDS once: environment and configuration file",
		Long: `The MDS come from the first of these that names any:

  1. --mds, repeated or with commas between
  2. the context named by --context
  3. ZBS_MDS, with spaces or commas between
  4. the context named by ZBS_CONTEXT, or by "current" in the configuration file:
     --config, else ZBS_CONFIG, else ~/.config/zbsctl/config.yaml

An MDS is a host name or address, host:port, http(s)://host:port/root, or an MDS
URL user:password@host[:sshPort]/[?mdsPort=N], of which the host alone is used.
A password may hold a comma, so an entry with an @ is never split at commas.

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

The inventory of hosts is what zbsctl guard, volume delete, volume export and
snapshot rollback go by. It is named in one of three ways:

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

--hosts-file goes before the context. The context counts only when the MDS come
from it or --context names it: hosts of another cluster prove nothing.`,
	}
}

// settings are what a Caller is made from.
type settings struct {
	mds            []string
	timeout        time.Duration
	connectTimeout time.Duration
	guard          guardconfig.Config
}

// settings puts flags over environment over configuration file, and demands MDS.
func (a *app) settings() (settings, error) {
	s, err := a.readSettings()
	if err == nil && len(s.mds) == 0 {
		err = &usageError{fmt.Errorf("%w: none was named", mds.ErrNoCandidates)}
	}
	return s, err
}

func (a *app) readSettings() (settings, error) {
	var s settings
	list := splitList(a.mdsList)
	if len(list) == 0 && a.contextName == "" {
		list = splitList(strings.Fields(a.getenv("ZBS_MDS")))
	}
	if len(list) == 0 || a.contextName != "" {
		var err error
		if s, err = a.fromFile(); err != nil {
			return s, err
		}
	}
	if len(list) > 0 {
		s.mds = list
	}
	if a.timeout < 0 || a.connectTimeout < 0 {
		return s, usagef("--timeout and --connect-timeout must be positive")
	}
	if a.timeout > 0 {
		s.timeout = a.timeout
	}
	if a.connectTimeout > 0 {
		s.connectTimeout = a.connectTimeout
	}
	return s, nil
}

// splitList splits entries at commas, save MDS URLs, whose password may hold one.
func splitList(entries []string) []string {
	var list []string
	for _, entry := range entries {
		if strings.Contains(entry, "@") {
			list = append(list, entry)
			continue
		}
		for part := range strings.SplitSeq(entry, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list
}
