using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.Testing.Contract;

/// <summary>
/// What every result has to be, whatever has happened: its bits, its first failure and the report agree. Written down once for the simulation, for the stress
/// command and for the tests of each way to submit.
/// </summary>
internal static class ResultRules
{
    /// <summary>What is wrong with a result; null where nothing is.</summary>
    /// <param name="result">The result.</param>
    /// <param name="report">The report that was given with the request; null where none was.</param>
    /// <param name="regions">How many regions the request had.</param>
    public static string? Violation(in IoResult result, IoReport? report, int regions)
    {
        RegionBits ended = result.Failed | result.Unsupported;
        if ((result.Failed.Value & result.Unsupported.Value) != 0)
            return "a region is both failed and unsupported";
        if (regions < IoRegion.MaxRegions && ended.Value >> regions != 0)
            return "a bit is set for a region that there is not";
        if (ended.IsEmpty)
            return result.First == default ? OfReport(result, report, regions) : $"no bit is set, and the first failure is {result.First}";
        if (result.First.Region != ended.First)
            return string.Create(CultureInfo.InvariantCulture, $"the lowest bit is {ended.First}, and the first failure is {result.First}");
        return OfFailure(result.First, result.Unsupported[ended.First]) ?? OfReport(result, report, regions);
    }

    private static string? OfReport(in IoResult result, IoReport? report, int regions)
    {
        if (report is null)
            return null;
        RegionBits ended = result.Failed | result.Unsupported;
        for (int region = 0; region < regions; region++)
        {
            IoFailure failure = report[region];
            if (!ended[region] && failure != default)
                return string.Create(CultureInfo.InvariantCulture, $"region {region} has no bit, and the report has {failure}");
            if (ended[region] && failure.Region != region)
                return string.Create(CultureInfo.InvariantCulture, $"region {region} has a bit, and the report has {failure} of region {failure.Region}");
            if (ended[region] && OfFailure(failure, result.Unsupported[region]) is { } what)
                return what;
        }

        return ended.IsEmpty || report[ended.First] == result.First ? null : $"the first failure is {result.First}, and the report has {report[ended.First]}";
    }

    /// <summary>A failure has a cause and an errno; an unsupported region one of the two that say so.</summary>
    private static string? OfFailure(in IoFailure failure, bool isUnsupported)
    {
        if (failure.Cause == IoFailureCause.None || failure.Errno <= 0)
            return $"a failure without a cause or an errno: {failure}";
        return isUnsupported && failure.Errno is not (Errno.EINVAL or Errno.EOPNOTSUPP) ? $"unsupported, and the errno is another: {failure}" : null;
    }
}
