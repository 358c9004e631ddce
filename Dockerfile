# The command gonng, static and as a user without rights:
#
#   docker build -t gonng . && docker run --rm gonng demo
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /gonng ./cmd/gonng

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /gonng /gonng
USER 65532:65532
ENTRYPOINT ["/gonng"]
