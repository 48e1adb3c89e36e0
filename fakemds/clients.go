package fakemds

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/zbsclient/zbsclient/fakemds/internal/python"
)

// runQuery answers for the volume, whatever snapshot the path names.
func runQuery(x *exchange) (python.Object, error) {
	_, t, err := x.target()
	if err != nil {
		return nil, err
	}
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	v, err := x.fileLocked("GetFileInfo", t)
	if err != nil {
		return nil, python.Errorf("cannot found %s[%s] info, error[%v]", x.traits().noun(), t.text, err)
	}
	answer := python.Object{}.With("size", v.size).With("actualSize", v.used)
	if v.parent != "" && x.traits().parent {
		answer = answer.With("parentUri", "cbd:"+t.physical+"/"+v.parent)
	}
	return answer, nil
}

// runClients answers who has the volume open. An empty list has many reasons. G7e
// does not look whether the volume exists, and so passes on that it does not.
func runClients(x *exchange) (python.Object, error) {
	cmd, err := x.command()
	if err != nil {
		return nil, err
	}
	nobody := python.Object{}.With("clients", []python.Object{})
	x.node.mu.Lock()
	lists, frozen := x.node.agent.lists, x.node.frozen
	x.node.mu.Unlock()
	if !lists {
		return nobody, nil // before any look at the path
	}
	path := cmd.get("path")
	if cmd.err != nil {
		return nil, cmd.err
	}
	t, err := parseTarget(path)
	if err != nil {
		return nil, err
	}
	if strings.Contains(t.volume, "?r=") {
		return nobody, nil
	}
	if x.traits().existsCheck && (t.physical == "" || t.logical == "" || t.volume == "") {
		return nobody, nil
	}
	x.shell(t.logical, t.volume)
	t.volume = strings.TrimSpace(t.volume) // the shell drops it
	st := x.node.cluster.st
	st.mu.Lock()
	defer st.mu.Unlock()
	var clients []ClientState
	call := "GetFileInfo"
	if !x.traits().existsCheck {
		call = "ListClient" // a guess
	}
	v, err := x.fileLocked(call, t)
	switch {
	case err == nil:
		clients = st.listedLocked(v, time.Now())
	case !x.traits().existsCheck:
		return nil, wrap(err, "failed to get volume[%s] clients", t.file())
	case statusCode(err) != notExists:
		return nil, wrap(err, "failed to query volume[%s] info", t.file())
	}
	if x.faults.has(staleList) {
		clients = frozen[t.file()]
	}
	return python.Object{}.With("clients", clientList(clients)), nil
}

// clientList spells ports as the storage's command line does: some as text, some
// as numbers.
func clientList(clients []ClientState) []python.Object {
	list := []python.Object{}
	for i, c := range clients {
		var port any = c.Port
		if i%2 == 0 {
			port = strconv.Itoa(c.Port)
		}
		list = append(list, python.Object{}.With("ip", c.IP).With("port", port))
	}
	return list
}

// statusCode is the first code in an error of the storage.
func statusCode(err error) string {
	_, code, _ := strings.Cut(err.Error(), "status code: ")
	if i := strings.IndexFunc(code, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
		code = code[:i]
	}
	return code
}
