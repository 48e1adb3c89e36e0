package cli

import (
	"log/slog"
	"net"
	"time"

	"github.com/spf13/pflag"

	"github.com/zbsclient/zbsclient/mds"
)

// target is the cluster that a run of zbsctl works with: the flags of the root
// command, which settings completes from environment and configuration file. A
// command calls withCluster or withGuard to connect.
type target struct {
	env *environment

	mdsList        []string
	contextName    string
	configFile     string
	timeout        time.Duration // 0: not given
	connectTimeout time.Duration // 0: not given
	callbackListen string
	callbackURL    string
	verbose        bool
	trace          bool
}

// newTarget returns the target that the flags describe once they are parsed.
func newTarget(env *environment, flags *pflag.FlagSet) *target {
	t := &target{env: env}
	flags.StringArrayVar(&t.mdsList, "mds", nil, "an MDS, or several with commas between; may be repeated (name, address, host:port, URL, or MDS URL user:password@host)")
	flags.StringVar(&t.contextName, "context", "", "context of the configuration file (default: its current one)")
	flags.StringVar(&t.configFile, "config", "", "configuration file (default: ZBS_CONFIG, else ~/.config/zbsctl/config.yaml)")
	flags.DurationVar(&t.timeout, "timeout", 0, "bound of each attempt at one MDS (default 30s; a change has more)")
	flags.DurationVar(&t.connectTimeout, "connect-timeout", 0, "bound of connecting to one MDS (default 30s)")
	flags.StringVar(&t.callbackListen, "callback-listen", "", "address to listen on for the agents' results (default: a free port of all)")
	flags.StringVar(&t.callbackURL, "callback-url", "", "URL the agents post results to (default: the local address that routes to them)")
	flags.BoolVarP(&t.verbose, "verbose", "v", false, "log every attempt to stderr")
	flags.BoolVar(&t.trace, "trace", false, "show on stderr why each MDS was or was not asked, and what came of it")
	return t
}

// caller returns a Caller for the settings. Bad values are usage errors. p may be
// nil.
func (t *target) caller(s settings, p *progress) (*mds.Caller, error) {
	opts := []mds.Option{mds.WithLogger(t.logger())}
	if s.timeout != 0 {
		opts = append(opts, mds.WithAttemptTimeout(s.timeout))
	}
	if s.connectTimeout != 0 {
		opts = append(opts, mds.WithConnectTimeout(s.connectTimeout))
	}
	if p != nil {
		opts = append(opts, mds.WithHook(p))
	}
	if t.trace {
		opts = append(opts, mds.WithHook(&tracer{env: t.env}))
	}
	if t.callbackURL != "" {
		opts = append(opts, mds.WithCallbackURL(t.callbackURL))
	}
	if t.callbackListen != "" {
		listener, err := net.Listen("tcp", t.callbackListen)
		if err != nil {
			return nil, usagef("--callback-listen: %w", err)
		}
		opts = append(opts, mds.WithCallbackListener(listener))
	}
	c, err := mds.New(s.mds, opts...)
	if err != nil {
		return nil, &usageError{err}
	}
	return c, nil
}

// logger returns the logger of -v, or one that discards.
func (t *target) logger() *slog.Logger {
	if !t.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.env.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// progress returns nil when stderr is no terminal, or when a log or trace is printed
// there, too.
func (t *target) progress() *progress {
	if t.verbose || t.trace {
		return nil
	}
	return newProgress(t.env)
}
