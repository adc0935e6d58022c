// An HTTP server of a few lines on a port of its own, for tests of what is asked over the network.

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Answers one request after another on 127.0.0.1 until it is let go of.
final class LocalServer: Sendable {
    struct Reply: Sendable {
        var status = 200
        var headers: [String] = []
        var body = ""
        /// Seconds before the answer.
        var delay = 0.0
    }

    struct Failure: Error {}

    let port: UInt16
    private let listener: Int32
    private let seen = Mutex<[String]>([])

    var address: String { "http://127.0.0.1:\(port)" }
    /// The requests so far, headers and body.
    var requests: [String] { seen.withLock { $0 } }

    /// - Parameter answer: what is said to the n-th request, from 0.
    init(_ answer: @escaping @Sendable (Int) -> Reply) throws {
        (listener, port) = try Self.listen()
        let listener = listener
        let note: @Sendable (String) -> Int = { [weak self] request in
            self?.seen.withLock { requests in
                requests.append(request)
                return requests.count - 1
            } ?? 0
        }
        Thread.detachNewThread {
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                let reply = answer(note(Self.request(on: connection)))
                if reply.delay > 0 { usleep(UInt32(reply.delay * 1e6)) }
                let head =
                    ["HTTP/1.1 \(reply.status) Said", "Content-Length: \(reply.body.utf8.count)"] + reply.headers
                Self.send(head.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n" + reply.body, on: connection)
                close(connection)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// A port on which nobody listens.
    static func unusedPort() throws -> UInt16 {
        let (socket, port) = try listen()
        close(socket)
        return port
    }

    /// The reply of a language model that says this.
    static func chat(_ text: String, delay: Double = 0) -> Reply {
        let content = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return Reply(
            body: "{\"choices\": [{\"message\": {\"role\": \"assistant\", \"content\": \"\(content)\"}}]}", delay: delay
        )
    }

    private static func listen() throws -> (socket: Int32, port: UInt16) {
        #if canImport(Glibc)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let listener = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard listener >= 0, isBound, Foundation.listen(listener, 8) == 0 else { throw Failure() }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Reads up to the end of the body that the headers announce.
    private static func request(on connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let head = text.range(of: "\r\n\r\n") else { continue }
            let length = text[..<head.lowerBound].firstMatch(of: /(?i:content-length): *([0-9]+)/)
            let body = text[head.upperBound...].utf8.count
            if body >= length.flatMap({ Int($0.output.1) }) ?? 0 { return text }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func send(_ text: String, on connection: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
