package fakemds

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is an HTTP answer of the agent.
type reply struct {
	code int
	body []byte
}

// bytes is the reply on the wire. The agent labels everything text/html.
func (r reply) bytes(head bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", r.code, http.StatusText(r.code))
	b.WriteString("Content-Type: text/html;charset=utf-8\r\nServer: CherryPy/18.8.0\r\n")
	fmt.Fprintf(&b, "Date: %s\r\n", time.Now().UTC().Format(http.TimeFormat))
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(r.body))
	if !head {
		b.Write(r.body)
	}
	return b.Bytes()
}

// garbageBody starts like JSON and is none.
var garbageBody = []byte("{\"success\": tru\x00\x01\x02 this is no JSON")

// sendBody writes a message whose last bodyLen bytes are its body, slowed down
// or cut as the faults say. It reports whether all of it was written.
func sendBody(ctx context.Context, w io.Writer, msg []byte, bodyLen int, faults taken) bool {
	half := len(msg) - bodyLen + bodyLen/2
	if bodyLen == 0 && faults.has(truncate) {
		half = len(msg) / 2
	}
	if faults.has(slowBody) || faults.has(truncate) {
		if _, err := w.Write(msg[:half]); err != nil {
			return false
		}
		msg = msg[half:]
	}
	if sleep(ctx, faults[slowBody].delay) != nil || faults.has(truncate) {
		return false
	}
	_, err := w.Write(msg)
	return err == nil
}

// htmlReply is an error as CherryPy answers it, without the traceback of the
// real one. Without a text the body has the usual one of the code.
func htmlReply(code int, text string) reply {
	if text == "" {
		text = http.StatusText(code)
		if code == http.StatusInternalServerError {
			text = "The server encountered an unexpected condition which prevented it from fulfilling the request."
		}
	}
	title := strconv.Itoa(code) + " " + http.StatusText(code)
	body := strings.NewReplacer("TITLE", title, "TEXT", escape(text)).Replace(htmlPage)
	return reply{code, []byte(body)}
}

// escape is Python's html.escape(text, quote=False).
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

const htmlPage = `<!DOCTYPE html PUBLIC
"-//W3C//DTD XHTML 1.0 Transitional//EN"
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html>
<head>
    <meta http-equiv="Content-Type" content="text/html; charset=utf-8"></meta>
    <title>TITLE</title>
</head>
    <body>
        <h2>TITLE</h2>
        <p>TEXT</p>
        <pre id="traceback">Traceback (most recent call last):
</pre>
    <div id="powered_by">
      <span>
        Powered by <a href="http://www.cherrypy.dev">CherryPy 18.8.0</a>
      </span>
    </div>
    </body>
</html>
`
