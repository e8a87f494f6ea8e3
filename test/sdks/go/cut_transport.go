package main

import (
	"errors"
	"net/http"
	"sync/atomic"
)

// A way to the server that can be cut, as when a machine loses its network.
type cutTransport struct {
	cut atomic.Bool
}

func (t *cutTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.cut.Load() {
		return nil, errors.New("the network is gone")
	}
	return http.DefaultTransport.RoundTrip(request)
}
