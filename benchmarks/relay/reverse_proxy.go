// Go's own reverse proxy, as it is documented, with a pool of buffers and enough idle connections to the upstream.
//
// It writes no access log. Started as: reverse_proxy 127.0.0.1:PORT HOST=ADDRESS:PORT ...
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"strings"
	"sync"
	"time"
)

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte     { return *b.pool.Get().(*[]byte) }
func (b *buffers) Put(room []byte) { b.pool.Put(&room) }

func main() {
	routes := map[string]string{}
	for _, route := range os.Args[2:] {
		host, address, _ := strings.Cut(route, "=")
		routes[host] = address
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
	pool := &buffers{sync.Pool{New: func() any { room := make([]byte, 32*1024); return &room }}}
	proxy := &httputil.ReverseProxy{
		Transport:  transport,
		BufferPool: pool,
		Director: func(request *http.Request) {
			host, _, _ := strings.Cut(request.Host, ":")
			request.Header.Set("X-Forwarded-Host", request.Host)
			request.Header.Set("X-Forwarded-Proto", "http")
			request.URL.Scheme = "http"
			request.URL.Host = routes[host]
		},
	}
	server := &http.Server{Addr: os.Args[1], Handler: proxy, IdleTimeout: 75 * time.Second}
	log.Fatal(server.ListenAndServe())
}
