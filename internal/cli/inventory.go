package cli

import (
	"context"

	"github.com/zbsclient/zbsclient/internal/guardconfig"
)

// openInventory reads the inventory that flags or configuration name. None is an error.
func openInventory(ctx context.Context, to *target, g *guardFlags, c guardconfig.Config) (*guardconfig.Inventory, error) {
	config, err := g.over(c)
	if err != nil {
		return nil, err
	}
	if !config.Hosts.Given() {
		return nil, usagef("no inventory of hosts: name one with --hosts-file, or in the context (zbsctl help config)")
	}
	inventory, err := config.Hosts.Open(ctx, to.logger())
	if err != nil {
		return nil, inventoryError(err)
	}
	return inventory, nil
}
