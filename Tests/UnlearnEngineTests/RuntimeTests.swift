// How many processors a control group leaves.

import Testing

@testable import UnlearnEngine

@Suite struct RuntimeTests {
    @Test(arguments: [("150000 100000\n", 1.5), ("max 100000\n", nil), ("50000 100000", 0.5), ("", nil), ("0 0", nil)])
    func aShareIsAQuotaOfAPeriod(_ text: String, _ expected: Double?) {
        #expect(ControlGroup.share(text) == expected)
    }

    @Test func thereIsAlwaysOne() { #expect(Runtime.usableProcessors >= 1) }
}
