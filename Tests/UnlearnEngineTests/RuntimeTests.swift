// How many processors a control group leaves.

import Testing

@testable import UnlearnEngine

@Suite struct RuntimeTests {
    @Test(arguments: [("150000 100000\n", 1.5), ("max 100000\n", nil), ("50000 100000", 0.5), ("", nil), ("0 0", nil)])
    func aShareIsAQuotaOfAPeriod(_ text: String, _ expected: Double?) {
        #expect(ControlGroup.share(text) == expected)
    }

    @Test(arguments: [("0.20 0.18 0.12 3/80 11206\n", 3), ("", nil), ("1 2 3 4 5", 4), ("a b c d e", nil)])
    func theRunningThreadsAreTold(_ text: String, _ expected: Int?) { #expect(Load.running(text) == expected) }

    @Test func thereIsAlwaysOne() {
        #expect(Runtime.freeProcessors >= 1)
        #expect(Runtime.freeProcessors <= Runtime.usableProcessors)
    }
}
