package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zbsclient/zbsclient/zbs"
)

// hostAccess are the flags that say how an agent reaches a host. None of them is the
// password: every user of this machine can see a command line.
type hostAccess struct {
	user         string
	port         int
	passwordFile string
}

// passwordHelp says where zbsctl gets a password from, and where it ends up.
const passwordHelp = `The password of the user on the host comes from --password-file, else from the
environment variable ZBS_HOST_PASSWORD, else from a prompt on the terminal. The
agent writes it into its log on the MDS in clear, which zbsctl cannot prevent.`

// optionalPasswordHelp is passwordHelp for commands in which newer agents need none.
const optionalPasswordHelp = `Agents since generation G9 (zbsctl mds status) reach the host by themselves: they get
no password. An older agent needs one. It comes from --password-file, else from the
environment variable ZBS_HOST_PASSWORD, else from a prompt on the terminal. That agent
writes it into its log on the MDS in clear.`

// hostFlags adds the flags to the command.
func hostFlags(cmd *cobra.Command) *hostAccess {
	h := &hostAccess{}
	cmd.Flags().StringVar(&h.user, "user", "root", "user on the host")
	cmd.Flags().IntVar(&h.port, "ssh-port", 22, "port of ssh on the host")
	cmd.Flags().StringVar(&h.passwordFile, "password-file", "", "file with the password, - for standard input")
	cmd.SetFlagErrorFunc(discreetFlagError)
	return h
}

// discreetFlagError keeps a password out of an error about flags. That of an unknown
// short flag quotes the whole argument, such as -phunter2.
func discreetFlagError(_ *cobra.Command, err error) error {
	if _, ok := errors.AsType[interface {
		error
		GetSpecifiedShortnames() string
	}](err); ok {
		return errors.New("unknown flag; there is none for a password")
	}
	return err
}

// placeholder replaces the password in a dry run, and while zbsctl checks the rest of
// a command.
const placeholder zbs.Secret = "***"

// maxPassword bounds the length of a password, in bytes.
const maxPassword = 4096

// password returns the password for the host. A dry run asks for none.
func (h *hostAccess) password(ctx context.Context, env *environment, host zbs.HostAccess, dryRun bool) (zbs.Secret, error) {
	text, err := h.readPassword(ctx, env, host, dryRun)
	if err != nil {
		return "", &usageError{fmt.Errorf("password of %s@%s: %w", host.Username, host.IP, err)}
	}
	return zbs.Secret(text), nil
}

func (h *hostAccess) readPassword(ctx context.Context, env *environment, host zbs.HostAccess, dryRun bool) (string, error) {
	fd, interactive := env.interactive()
	prompt := fmt.Sprintf("password of %s@%s: ", host.Username, host.IP)
	switch {
	case h.passwordFile == "-" && !interactive:
		return readLine(env.stdin)
	case h.passwordFile != "" && h.passwordFile != "-":
		f, err := os.Open(h.passwordFile)
		if err != nil { // without the file name, which may be the password
			return "", fmt.Errorf("--password-file: %w", errors.Unwrap(err))
		}
		defer f.Close()
		return readLine(f)
	case h.passwordFile == "" && env.getenv("ZBS_HOST_PASSWORD") != "":
		return env.getenv("ZBS_HOST_PASSWORD"), nil
	case dryRun:
		return string(placeholder), nil
	case interactive:
		return env.askSecret(ctx, fd, prompt)
	}
	return "", errors.New("there is none: give --password-file or set ZBS_HOST_PASSWORD, since nobody can be asked")
}

// given reports whether the user gave a password.
func (h *hostAccess) given(env *environment) bool {
	return h.passwordFile != "" || env.getenv("ZBS_HOST_PASSWORD") != ""
}

// host returns the host as a command names it, with a placeholder for the password.
func (h *hostAccess) host(ip string) zbs.HostAccess {
	return zbs.HostAccess{IP: ip, Port: h.port, Username: h.user, Password: placeholder}
}

// readLine reads a file with one line, with or without its newline.
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
