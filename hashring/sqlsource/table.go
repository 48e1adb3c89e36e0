package sqlsource

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"strconv"

	"github.com/zbsclient/zbsclient/hashring"
)

// CreateTable creates ManagementNodeVO as ZStack does, if it does not exist.
func CreateTable(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS ManagementNodeVO (
		uuid varchar(32) NOT NULL UNIQUE,
		hostName varchar(255) DEFAULT NULL,
		port int DEFAULT NULL,
		state varchar(128) NOT NULL,
		joinDate timestamp DEFAULT CURRENT_TIMESTAMP,
		heartBeat timestamp,
		PRIMARY KEY (uuid)
	)`)
	return err
}

// Register writes the row of a running node, with a fresh heartbeat. It replaces a row
// that the node had. The address must be host:port, or empty.
func (s *Source) Register(ctx context.Context, node hashring.Node) error {
	var host, port any
	if node.Addr != "" {
		h, p, err := net.SplitHostPort(node.Addr)
		if err != nil {
			return fmt.Errorf("register node %q: %w", node.ID, err)
		}
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return fmt.Errorf("register node %q: port: %w", node.ID, err)
		}
		host, port = h, int64(n)
	}
	_, err := s.db.ExecContext(ctx, `REPLACE INTO ManagementNodeVO (uuid, hostName, port, state, joinDate, heartBeat)`+
		` VALUES (?, ?, ?, 'RUNNING', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`, node.ID, host, port)
	return err
}

// Unregister deletes a node's row, so the node leaves every ring over this table.
func (s *Source) Unregister(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM ManagementNodeVO WHERE uuid = ?`, id)
	return err
}
