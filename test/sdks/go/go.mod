// The cases of the Go SDK; tools/sdks.ts builds them into its cache.
module tableferry/sdk-cases

go 1.22

require (
	github.com/alibabacloud-go/tea v1.1.17
	github.com/alibabacloud-go/tea-roa v1.3.4
	github.com/alibabacloud-go/tea-utils v1.3.9
	github.com/aliyun/aliyun-tablestore-go-sdk v1.7.17
	go.uber.org/zap v1.19.0
)

require (
	github.com/alibabacloud-go/debug v0.0.0-20190504072949-9472017b5c68 // indirect
	github.com/alibabacloud-go/tea-roa-utils v1.1.5 // indirect
	github.com/aliyun/credentials-go v1.3.0 // indirect
	github.com/cenkalti/backoff v2.2.1+incompatible // indirect
	github.com/golang/mock v1.3.1 // indirect
	github.com/golang/protobuf v1.3.2 // indirect
	github.com/google/flatbuffers v23.5.26+incompatible // indirect
	github.com/hashicorp/golang-lru v0.5.4 // indirect
	github.com/json-iterator/go v1.1.10 // indirect
	github.com/modern-go/concurrent v0.0.0-20180228061459-e0a39a4cb421 // indirect
	github.com/modern-go/reflect2 v1.0.1 // indirect
	github.com/satori/go.uuid v1.2.0 // indirect
	go.uber.org/atomic v1.9.0 // indirect
	go.uber.org/multierr v1.6.0 // indirect
	golang.org/x/net v0.7.0 // indirect
	gopkg.in/ini.v1 v1.56.0 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.0.0 // indirect
)
