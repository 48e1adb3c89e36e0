package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/mds"
	"github.com/zbsclient/zbsclient/zbs"
)

// hostAccess is the flags that say how an agent reaches a host. The password is
// none of them: a command line is seen by everybody on this machine.
type hostAccess struct {
	user         string
	port         int
	passwordFile string
}

// passwordHelp says where a password comes from and where it goes to.
const passwordHelp = `The password of the user on the host comes from --password-file, else from the
environment variable ZBS_HOST_PASSWORD, else from a prompt on the terminal. The
agent writes it into its log on the MDS in clear, which zbsctl cannot prevent.`

// optionalPasswordHelp is passwordHelp for what newer agents do without a password.
const optionalPasswordHelp = `Agents since generation G9 (zbsctl mds status) reach the host by themselves, and are
sent no password. For older ones it comes from --password-file, else from the
environment variable ZBS_HOST_PASSWORD, else from a prompt on the terminal once an
agent turns out to need it; that agent writes it into its log on the MDS in clear.`

func hostFlags(cmd *cobra.Command) *hostAccess {
	h := &hostAccess{}
	cmd.Flags().StringVar(&h.user, "user", "root", "user on the host")
	cmd.Flags().IntVar(&h.port, "ssh-port", 22, "port of ssh on the host")
	cmd.Flags().StringVar(&h.passwordFile, "password-file", "", "file with the password, - for standard input")
	cmd.SetFlagErrorFunc(discreetFlagError)
	return h
}

// discreetFlagError keeps out of the error what may be a password, as in
// -phunter2: of an unknown short flag it would quote all.
func discreetFlagError(_ *cobra.Command, err error) error {
	if _, ok := errors.AsType[interface {
		error
		GetSpecifiedShortnames() string
	}](err); ok {
		return errors.New("unknown flag; there is none for a password")
	}
	return err
}

// placeholder stands for the password while the rest of a command is checked, and
// in a dry run, which shows none.
const placeholder zbs.Secret = "***"

// maxPassword bounds what is read as a password.
const maxPassword = 4096

// password returns the password for the host.
func (h *hostAccess) password(ctx context.Context, c *changing, host zbs.HostAccess) (zbs.Secret, error) {
	text, err := h.readPassword(ctx, c, host)
	if err != nil {
		return "", &usageError{fmt.Errorf("password of %s@%s: %w", host.Username, host.IP, err)}
	}
	return zbs.Secret(text), nil
}

func (h *hostAccess) readPassword(ctx context.Context, c *changing, host zbs.HostAccess) (string, error) {
	fd, interactive := c.interactive()
	prompt := fmt.Sprintf("password of %s@%s: ", host.Username, host.IP)
	switch {
	case h.passwordFile == "-" && !interactive:
		return readLine(c.stdin)
	case h.passwordFile != "" && h.passwordFile != "-":
		f, err := os.Open(h.passwordFile)
		if err != nil { // without the name, which may be the password itself
			return "", fmt.Errorf("--password-file: %w", errors.Unwrap(err))
		}
		defer f.Close()
		return readLine(f)
	case h.passwordFile == "" && c.getenv("ZBS_HOST_PASSWORD") != "":
		return c.getenv("ZBS_HOST_PASSWORD"), nil
	case c.dryRun:
		return string(placeholder), nil
	case interactive:
		return c.askSecret(ctx, fd, prompt)
	}
	return "", errors.New("there is none: give --password-file or set ZBS_HOST_PASSWORD, since nobody can be asked")
}

// validator is a command that can be checked.
type validator interface{ Validate() error }

// onHost makes a change that works on a host; a warning says that it destroys
// something. The command is checked before anybody is asked for anything.
func onHost(ctx context.Context, c *changing, h *hostAccess, ip, warning string,
	by func(zbs.HostAccess) (validator, change)) error {
	host := zbs.HostAccess{IP: ip, Port: h.port, Username: h.user, Password: placeholder}
	command, _ := by(host)
	if err := command.Validate(); err != nil {
		return err
	}
	if warning != "" {
		if err := c.confirm(ctx, warning, ip); err != nil {
			return err
		}
	}
	var err error
	if host.Password, err = h.password(ctx, c, host); err != nil {
		return err
	}
	_, ch := by(host)
	return c.run(ctx, []change{ch})
}

// given reports whether the user gave a password.
func (h *hostAccess) given(c *changing) bool {
	return h.passwordFile != "" || c.getenv("ZBS_HOST_PASSWORD") != ""
}

// byAddress is onHost for a change that newer agents make without access to the
// host. A password that was not given is asked for when an agent needs it.
func byAddress(ctx context.Context, c *changing, h *hostAccess, ip, warning string,
	by func(zbs.HostAccess) (validator, change)) error {
	if h.given(c) {
		return onHost(ctx, c, h, ip, warning, by)
	}
	host := zbs.HostAccess{IP: ip, Port: h.port, Username: h.user, Password: placeholder}
	command, _ := by(host)
	if err := command.Validate(); err != nil {
		return err
	}
	if warning != "" {
		if err := c.confirm(ctx, warning, ip); err != nil {
			return err
		}
	}
	_, ch := by(zbs.HostAccess{IP: ip})
	ch.instead = func(ctx context.Context, err error) (*change, error) {
		if _, interactive := c.interactive(); !interactive || !errors.Is(err, zbs.ErrHostAccess) || errors.Is(err, mds.ErrAmbiguous) {
			return nil, nil
		}
		var failed error
		if host.Password, failed = h.password(ctx, c, host); failed != nil {
			return nil, failed
		}
		_, ch := by(host)
		return &ch, nil
	}
	return c.run(ctx, []change{ch})
}

// readLine reads a file that holds one line, with or without its end.
func readLine(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPassword+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxPassword {
		return "", fmt.Errorf("longer than %d bytes", maxPassword)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if strings.Contains(line, "\n") {
		return "", errors.New("there is more than one line")
	}
	return line, nil
}
