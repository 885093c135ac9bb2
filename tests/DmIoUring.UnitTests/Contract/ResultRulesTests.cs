using DmIoUring.Interop;
using DmIoUring.Testing.Contract;

namespace DmIoUring.UnitTests.Contract;

/// <summary>The rules that every result of every test is held to find what they are for.</summary>
public sealed class ResultRulesTests
{
    private const int Regions = 3;

    private static readonly IoFailure Second = new(1, 8, Errno.EIO, IoFailureCause.Device);
    private static readonly IoFailure SecondUnsupported = new(1, 8, Errno.EINVAL, IoFailureCause.Misaligned);

    public static TheoryData<string> WrongResults => [.. Wrong.Keys];

    private static Dictionary<string, (IoResult Result, IoFailure[]? Report)> Wrong { get; } = new(StringComparer.Ordinal)
    {
        ["failed and unsupported"] = (Of(0b10, 0b10, Second), null),
        ["a bit beyond the last region"] = (Of(0b1010, 0, Second), null),
        ["a first failure and no bit"] = (Of(0, 0, Second), null),
        ["a bit and no first failure"] = (Of(0b10, 0, default), null),
        ["a first failure that is not the lowest bit's"] = (Of(0b11, 0, Second), null),
        ["a failure without a cause"] = (Of(0b10, 0, Second with { Cause = IoFailureCause.None }), null),
        ["a failure without an errno"] = (Of(0b10, 0, Second with { Errno = 0 }), null),
        ["unsupported by EIO"] = (Of(0, 0b10, Second), null),
        ["a region in the report that has no bit"] = (Of(0b10, 0, Second), [Second, Second with { Region = 2 }]),
        ["a region in the report of a success"] = (Of(0, 0, default), [Second]),
        ["a bit whose region is not in the report"] = (Of(0b110, 0, Second), [Second]),
        ["another first failure than the report's"] = (Of(0b10, 0, Second), [Second with { Sector = 9 }]),
        ["unsupported by EIO, in the report"] = (Of(0b10, 0b100, Second), [Second, Second with { Region = 2 }]),
    };

    [Theory]
    [MemberData(nameof(WrongResults))]
    public void WrongResult_IsFound(string what)
    {
        (IoResult result, IoFailure[]? report) = Wrong[what];
        Assert.NotNull(ResultRules.Violation(result, ReportOf(report), Regions));
    }

    [Fact]
    public void ResultWhosePartsAgree_IsNot()
    {
        Assert.Null(ResultRules.Violation(default, null, Regions));
        Assert.Null(ResultRules.Violation(default, new IoReport(), 0));
        Assert.Null(ResultRules.Violation(Of(0b10, 0, Second), null, Regions));
        Assert.Null(ResultRules.Violation(Of(0b10, 0, Second), ReportOf([Second]), Regions));
        Assert.Null(ResultRules.Violation(Of(0b100, 0b10, SecondUnsupported), ReportOf([SecondUnsupported, Second with { Region = 2 }]), Regions));
        Assert.Null(ResultRules.Violation(Of(ulong.MaxValue, 0, Second with { Region = 0 }), null, IoRegion.MaxRegions));
    }

    private static IoResult Of(ulong failed, ulong unsupported, IoFailure first) => new(new RegionBits(failed), new RegionBits(unsupported), first);

    private static IoReport? ReportOf(IoFailure[]? failures)
    {
        if (failures is null)
            return null;
        IoReport report = new();
        foreach (IoFailure failure in failures)
            report.Add(failure);
        return report;
    }
}
