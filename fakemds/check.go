package fakemds

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zbsclient/zbsclient/fakemds/internal/agent"
)

// check is what CherryPy and the agent's HTTP layer refuse by themselves; ep is nil
// when there is no such path.
func check(req *http.Request, body []byte, ep *agent.Endpoint) (reply, bool) {
	if req.Host == "" {
		return htmlReply(http.StatusBadRequest, "HTTP/1.1 requires a 'Host' request header."), true
	}
	if ep == nil {
		path := req.URL.Path
		if rest, ok := strings.CutPrefix(path, "//"); ok { // its first part passes for a host
			_, rest, _ = strings.Cut(rest, "/")
			path = "/" + rest
		}
		return htmlReply(http.StatusNotFound, fmt.Sprintf("The path '%s' was not found.", path)), true
	}
	hasBody := req.Method == "POST" || req.Method == "PUT" || req.Method == "PATCH"
	if hasBody && req.Header.Get("Content-Length") == "" && len(req.TransferEncoding) == 0 {
		return htmlReply(http.StatusLengthRequired, "Client must specify Content-Length"), true
	}
	if q := req.URL.Query(); len(q) > 0 {
		return htmlReply(http.StatusNotFound, "Unexpected query string parameters: "+strings.Join(sortedKeys(q), ", ")), true
	}
	if formEncoded(req, body) {
		fields, _ := url.ParseQuery(string(body)) // a bad field is left out
		return htmlReply(http.StatusBadRequest, "Unexpected body parameters: "+strings.Join(sortedKeys(fields), ", ")), true
	}
	if !utf8.Valid(body) || req.Header.Get("Content-Encoding") == "gzip" && len(body) > 0 {
		return htmlReply(http.StatusInternalServerError, ""), true
	}
	_, hasTask := req.Header["Taskuuid"]
	switch {
	case ep.Sync && req.Header.Get("taskuuid") != "":
		return htmlReply(http.StatusInternalServerError, ""), true
	case !ep.Sync && !hasTask:
		return htmlReply(http.StatusBadRequest, "taskuuid is missing"), true
	}
	return reply{}, false
}

// isProbe reports whether the request is refused before it is a task, whatever else
// is wrong with it.
func isProbe(req *http.Request, body []byte, ep *agent.Endpoint) bool {
	if ep != nil && ep.Sync {
		return ep.Name == "volume/clients" && formEncoded(req, body)
	}
	_, hasTask := req.Header["Taskuuid"]
	_, hasCallback := req.Header["Callbackurl"]
	return !hasTask && !hasCallback
}

// formEncoded reports whether CherryPy takes the body for the fields of a form, which
// it then wants to be parameters of the handler.
func formEncoded(req *http.Request, body []byte) bool {
	return strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && len(body) > 0
}

func sortedKeys(q url.Values) []string { return slices.Sorted(maps.Keys(q)) }
