// A judge behind an address, asked over the network: a good one, and every way in which one can fail.

import Foundation
import Testing
import UnlearnData
import UnlearnFormats

@testable import UnlearnEvaluation

@Suite struct JudgeEndpointTests {
    private static let items = ["Hogwarts.", "A school of magic.", "I do not know."].enumerated().map { index, text in
        FamiliarityItem(
            id: "forget-\(index + 1)",
            asked: FamiliarityPrompts.Completion(
                prompt: .question("Where does he \"learn\"?"), unique: ["Hogwarts"], themes: ["magic"],
                truth: "At Hogwarts."),
            completion: text)
    }

    private func judge(_ address: String, key: String? = nil, seconds: Double = 20) throws -> EndpointJudgement {
        let endpoint = try #require(JudgeEndpoint(address, model: "tiny", key: key, seconds: seconds))
        return EndpointJudge(endpoint, subject: "Harry Potter").judge(Self.items)
    }

    /// All grades are missing, and the sentence says why.
    private func expectFailure(_ judgement: EndpointJudgement, _ server: LocalServer, _ why: String) {
        #expect(judgement.grades == [nil, nil, nil])
        #expect(
            judgement.warning
                == "The judge at \(server.address)/v1/chat/completions \(why) The grades by the rule stand alone.")
    }

    @Test func aGoodJudgeGradesEveryCompletion() throws {
        let server = try LocalServer { LocalServer.chat(["{\"grade\": 3}", "Grade: 2", "0"][$0]) }
        let judgement = try judge(server.address, key: "secret")
        #expect(judgement == EndpointJudgement(grades: [.detail, .theme, .nothing], warning: nil))
        #expect(server.requests.count == 3)
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(request.contains("Authorization: Bearer secret\r\n"))
        let body = try JSONValue(
            parsing: String(request[try #require(request.firstRange(of: "\r\n\r\n")).upperBound...]))
        #expect(body["model"] == "tiny" && body["temperature"] == 0 && body["stream"] == false)
        #expect(body["messages"]?[0]?["content"]?.string?.contains("“Harry Potter”") == true)
        #expect(
            body["messages"]?[1]?["content"]
                == "Prompt:\nWhere does he \"learn\"?\n\nHow it goes on in truth:\nAt Hogwarts.\n\nHow the model went on:\nHogwarts."
        )
        #expect(!body.text().contains("secret"))
    }

    @Test func aSlowJudgeIsAskedOnceAndNotWaitedFor() throws {
        let server = try LocalServer { _ in LocalServer.chat("{\"grade\": 3}", delay: 30) }
        let start = ContinuousClock.now
        let judgement = try judge(server.address, seconds: 1)
        #expect(ContinuousClock.now - start < .seconds(10))
        expectFailure(judgement, server, "did not answer within 1 s; --judge-seconds gives it more time.")
        #expect(server.requests.count == 1)
    }

    @Test func aDeadJudgeIsNamed() throws {
        let port = try LocalServer.unusedPort()
        let judgement = try judge("http://127.0.0.1:\(port)/v1")
        #expect(judgement.grades == [nil, nil, nil])
        let warning = try #require(judgement.warning)
        #expect(warning.hasPrefix("The judge at http://127.0.0.1:\(port)/v1/chat/completions cannot be reached: "))
        #expect(warning.hasSuffix(". Check the address. The grades by the rule stand alone."))
    }

    @Test(arguments: [
        LocalServer.Reply(body: "<html>hello</html>"), LocalServer.Reply(body: "{\"choices\": []}"),
        LocalServer.chat("I like trains."), LocalServer.chat("{\"grade\": 7}"), LocalServer.Reply(),
    ])
    func nonsenseIsNoGrade(reply: LocalServer.Reply) throws {
        let server = try LocalServer { _ in reply }
        expectFailure(
            try judge(server.address), server,
            "gives answers that hold no grade from 0 to 3. Check the address and the model.")
    }

    @Test func oneAnswerWithoutAGradeLeavesTheOthers() throws {
        let server = try LocalServer { LocalServer.chat(["{\"grade\": 3}", "Hm.", "{\"grade\": 1}"][$0]) }
        let judgement = try judge(server.address)
        #expect(judgement.grades == [.detail, nil, .guess])
        #expect(
            judgement.warning
                == "The judge at \(server.address)/v1/chat/completions gave no grade to 1 of 3 completions; its figures are of "
                + "the others.")
    }

    @Test func aWrongStatusStopsAtOnceThoughGradesCameBefore() throws {
        let server = try LocalServer {
            $0 == 0 ? LocalServer.chat("{\"grade\": 3}") : LocalServer.Reply(status: 500, body: "{\"grade\": 3}")
        }
        expectFailure(
            try judge(server.address), server,
            "answered with the HTTP status 500. Check the address, the model and the key.")
        #expect(server.requests.count == 2)
    }

    @Test func textsAndKeyAreSentToNoOtherAddress() throws {
        let other = try LocalServer { _ in LocalServer.chat("{\"grade\": 3}") }
        let headers = ["Location: \(other.address)/v1/chat/completions"]
        let server = try LocalServer { _ in LocalServer.Reply(status: 307, headers: headers) }
        expectFailure(
            try judge(server.address, key: "secret"), server,
            "answered with the HTTP status 307. Check the address, the model and the key.")
        #expect(other.requests.isEmpty)
    }

    @Test func anEndlessAnswerIsNotKept() throws {
        let server = try LocalServer { _ in LocalServer.Reply(body: String(repeating: "a", count: 3 << 20)) }
        expectFailure(
            try judge(server.address), server, "answered with more than a megabyte. Check the address.")
    }

    @Test(arguments: [
        ("3", 3), (" 0\n", 0), ("{\"grade\": 2}", 2), ("```json\n{ \"grade\" : 1 }\n```", 1), ("**Grade:** 3.", 3),
        ("The grade is 2, as it speaks of 3 wizards.", 2), ("<think>grade: 3? no</think>\n{\"grade\": \"0\"}", 0),
        ("Grade 1", 1), ("grade: 3\nOn second thoughts: grade: 2", 2),
    ])
    func theGradeIsFoundInWhatIsSaid(answer: String, grade: Int) {
        #expect(EndpointJudge.grade(in: answer) == FamiliarityGrade(rawValue: grade))
    }

    @Test(arguments: ["", "7", "-1", "2.5", "{\"grade\": 2.5}", "{\"grade\": 12}", "There are 3 wizards.", "grade"])
    func whatNamesNoGradeHasNone(answer: String) {
        #expect(EndpointJudge.grade(in: answer) == nil)
    }

    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080/v1/chat/completions"),
        ("https://host/v1/", "https://host/v1/chat/completions"),
        ("https://host/api/v1/chat/completions", "https://host/api/v1/chat/completions"),
        ("https://user:word@host/proxy?key=abc", "https://host/proxy/v1/chat/completions"),
    ])
    func theAddressOfChatCompletionsIsFoundAndNamedWithoutSecrets(given: String, place: String) throws {
        #expect(try #require(JudgeEndpoint(given)).place == place)
    }

    @Test(arguments: ["", "localhost:8080", "ftp://host", "http://", "/v1/chat/completions"])
    func whatIsNoAddressOfTheWebIsNone(given: String) { #expect(JudgeEndpoint(given) == nil) }
}
