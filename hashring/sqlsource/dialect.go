package sqlsource

import "fmt"

// Dialect says how a database expresses the time. [New] refuses the zero value. Any
// value may be used concurrently.
type Dialect struct {
	name string
	// unix turns the time %s into seconds since 1970. With numbers, neither the
	// driver's parsing nor the session's time zone matters.
	unix string
}

var (
	// MariaDB is for MariaDB and MySQL.
	MariaDB = Dialect{"MariaDB", "UNIX_TIMESTAMP(%s)"}

	// SQLite keeps times as text in UTC, as its CURRENT_TIMESTAMP does.
	SQLite = Dialect{"SQLite", "CAST(strftime('%%s', %s) AS INTEGER)"}
)

// String returns the database's name.
func (d Dialect) String() string { return d.name }

func (d Dialect) seconds(time string) string { return fmt.Sprintf(d.unix, time) }
