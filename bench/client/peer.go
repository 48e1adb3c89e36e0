package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/zbsclient/zbsclient/zbs"
)

// poster sends one request to some MDS. It is the part in which the peers differ.
type poster interface {
	// post returns the body of a 200; every other answer is an error.
	post(ctx context.Context, endpoint zbs.Endpoint, body []byte, header http.Header) ([]byte, error)
	close()
}

// peer turns a poster into a Client.
type peer struct {
	poster
	callbacks callbacks
}

func newPeer(p poster) Client { return &peer{poster: p} }

func (p *peer) Read(ctx context.Context) (zbs.VolumeClients, error) {
	command := zbs.GetVolumeClients{Path: volume}
	body, err := envelope.Encode(command)
	if err != nil {
		return zbs.VolumeClients{}, err
	}
	answer, err := p.post(ctx, command.Endpoint(), body, nil)
	if err != nil {
		return zbs.VolumeClients{}, err
	}
	return zbs.DecodeAnswer[zbs.VolumeClients](answer)
}

func (p *peer) Write(ctx context.Context, name string) error {
	command := zbs.CloneVolume{Path: snapshot, DstVolume: name}
	body, err := envelope.Encode(command)
	if err != nil {
		return err
	}
	id, header, result, err := p.callbacks.begin()
	if err != nil {
		return err
	}
	defer p.callbacks.take(id)
	if _, err := p.post(ctx, command.Endpoint(), body, header); err != nil {
		return err
	}
	answer, err := p.callbacks.await(ctx, result)
	if err != nil {
		return err
	}
	_, err = zbs.DecodeAnswer[zbs.Created](answer)
	return err
}

func (p *peer) Close() {
	p.close()
	p.callbacks.close()
}

// envelope is the same for all MDS of the benchmarks, because they are on one host.
var envelope = zbs.Envelope{Addr: "127.0.0.1"}

func urlOf(addr string, endpoint zbs.Endpoint) string { return "http://" + addr + endpoint.Path() }

func newRequest(ctx context.Context, addr string, endpoint zbs.Endpoint, body []byte, header http.Header) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, urlOf(addr, endpoint), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	setHeader(req, header)
	return req, nil
}

func setHeader(req *http.Request, header http.Header) {
	req.Header.Set("Content-Type", "application/json")
	for key, values := range header {
		req.Header[key] = values
	}
}

// bodyOf reads the body of a 200; every other status is an error.
func bodyOf(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", resp.Request.URL.Host, resp.Status)
	}
	return body, nil
}

// newTransport returns the transport that every peer gets.
func newTransport(connectTimeout time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		MaxConnsPerHost:     Connections,
		MaxIdleConnsPerHost: Connections,
	}
}
