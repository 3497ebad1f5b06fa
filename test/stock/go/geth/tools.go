//go:build tools

// Package geth pins the go-ethereum release that stands in as an alternative L1.
package geth

import _ "github.com/ethereum/go-ethereum/cmd/geth"
