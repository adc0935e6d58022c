// A language model behind an HTTP address that speaks like OpenAI's: one question, one answer, within a time limit.

public import Foundation
internal import Synchronization
internal import UnlearnFormats

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Where a judge is asked, and how.
public struct JudgeEndpoint: Sendable, Equatable {
    /// The address of its chat completions.
    public let url: URL
    /// The model that is asked for; nil: whichever the endpoint has.
    public let model: String?
    /// What the request is authorised by. It is sent to the address and is kept nowhere.
    let key: String?
    /// The longest wait for one answer.
    public let seconds: Double

    /// - Parameter address: "http://localhost:8080", the same with "/v1", or the whole address of its chat completions.
    /// - Returns: nil for what is no address of the web.
    public init?(_ address: String, model: String? = nil, key: String? = nil, seconds: Double = 60) {
        guard var parts = URLComponents(string: address), ["http", "https"].contains(parts.scheme?.lowercased()),
            parts.host?.isEmpty == false
        else { return nil }
        while parts.path.hasSuffix("/") { parts.path.removeLast() }
        if !parts.path.hasSuffix("/chat/completions") {
            parts.path += parts.path.hasSuffix("/v1") ? "/chat/completions" : "/v1/chat/completions"
        }
        guard let url = parts.url else { return nil }
        (self.url, self.model, self.key, self.seconds) = (url, model, key, seconds)
    }

    /// The address without what could be a secret: "http://localhost:8080/v1/chat/completions".
    public var place: String {
        var parts = URLComponents()
        (parts.scheme, parts.host, parts.port, parts.path) = (url.scheme, url.host, url.port, url.path)
        return parts.string ?? "the judge's address"
    }

    /// Why there is no answer.
    enum Failure: Error, Equatable {
        case unreachable(String)
        case slow
        case status(Int)
        case tooLong
        case noAnswer
    }

    private static let longestReply = 1 << 20

    /// What the model says to a question, at temperature 0.
    func answer(system: String, question: String) throws(Failure) -> String {
        var body: JSONValue = [
            "messages": [
                ["role": "system", "content": .string(system)], ["role": "user", "content": .string(question)],
            ],
            "temperature": 0, "stream": false,
        ]
        if let model { body["model"] = .string(model) }
        var request = URLRequest(url: url, timeoutInterval: seconds)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        request.httpBody = Data(body.text().utf8)
        let reply = try Exchange(longestReply: Self.longestReply).send(request, seconds: seconds)
        guard let json = try? JSONValue(parsing: reply, path: place),
            let text = json["choices"]?[0]?["message"]?["content"]?.string
        else { throw .noAnswer }
        return text
    }
}

/// One request and its reply, of which no more than a limit is kept. Redirections are not followed: the texts and the key
/// go to the address that was given and to no other.
private final class Exchange: NSObject, URLSessionDataDelegate {
    private struct State {
        var body = Data()
        var status: Int?
        var failure: JudgeEndpoint.Failure?
    }

    private let state = Mutex(State())
    private let finished = DispatchSemaphore(value: 0)
    private let longestReply: Int

    init(longestReply: Int) { self.longestReply = longestReply }

    func send(_ request: URLRequest, seconds: Double) throws(JudgeEndpoint.Failure) -> Data {
        let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        session.dataTask(with: request).resume()
        // The session's own limit begins anew with every piece of a reply.
        let isOver = finished.wait(timeout: .now() + seconds) == .success
        guard isOver else { throw .slow }
        let end = state.withLock { $0 }
        if let failure = end.failure { throw failure }
        guard let status = end.status else { throw .noAnswer }
        guard status == 200 else { throw .status(status) }
        return end.body
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        state.withLock { $0.failure = .status(response.statusCode) }
        completionHandler(nil)
        task.cancel()
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        state.withLock { $0.status = (response as? HTTPURLResponse)?.statusCode }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = state.withLock { state in
            guard state.body.count + data.count <= longestReply else {
                state.failure = .tooLong
                return true
            }
            state.body.append(data)
            return false
        }
        if isTooLong { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error {
            let isSlow = (error as? URLError)?.code == .timedOut
            state.withLock { state in
                state.failure = state.failure ?? (isSlow ? .slow : .unreachable(error.localizedDescription))
            }
        }
        finished.signal()
    }
}
