module github.com/zbsclient/zbsclient

go 1.26.8
