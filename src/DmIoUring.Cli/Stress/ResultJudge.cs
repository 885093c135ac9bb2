using System.Globalization;
using DmIoUring.Testing.Contract;

namespace DmIoUring.Cli.Stress;

/// <summary>Whether a result says exactly what must have happened: neither a bit too many nor one too few.</summary>
internal static class ResultJudge
{
    /// <summary>What is wrong with the result; null when nothing is.</summary>
    /// <param name="slot">The operation that has ended.</param>
    /// <param name="after">The state of each region's device now.</param>
    public static Finding? Judge(StressSlot slot, ReadOnlySpan<FaultState> after)
    {
        StressOperation operation = slot.Operation;
        if (ResultRules.Violation(slot.Result, slot.ReportIfAny, operation.Regions.Length) is { } what)
            return Wrong(slot, what);
        for (int i = 0; i < operation.Regions.Length; i++)
        {
            FaultEffect effect = FaultState.Between(slot.Before[i], after[i], operation.Kind, operation.Flags, operation.Regions[i]);
            if (JudgeRegion(slot, i, effect) is { } finding)
                return finding;
        }

        return null;
    }

    private static Finding? JudgeRegion(StressSlot slot, int index, FaultEffect effect)
    {
        StressRegion region = slot.Operation.Regions[index];
        StressLeg leg = slot.Legs[region.Leg];
        IoFailure failure = slot.FailureOf(index);
        bool refusesDiscard = slot.Operation.Kind == OperationKind.Discard && leg.HasNoDiscard && region.Count > 0;
        switch (failure.Cause)
        {
            case IoFailureCause.None when effect == FaultEffect.Fails || (effect == FaultEffect.None && refusesDiscard):
                return About(FindingKind.MissedFailure, slot, index, string.Create(CultureInfo.InvariantCulture,
                    $"region {index} ended well, but {leg.Path} is {slot.Before[index].Fault?.Name ?? "without discards"}"));
            case IoFailureCause.None:
                return null;
            case IoFailureCause.Cancelled when slot.Operation.CancelAfter != StressOperation.NoCancel:
            case IoFailureCause.InDoubt when leg.WasBroken:
            case IoFailureCause.TimedOut when slot.Operation.Client == StressClients.Hasty:
                return null;
        }

        bool unsupported = slot.Result.Unsupported[index];
        if (refusesDiscard && unsupported)
            return null;
        return effect == FaultEffect.None
            ? About(FindingKind.UnexpectedFailure, slot, index, $"nothing is wrong with {leg.Path}, but {(unsupported ? "unsupported" : "failed")}: {failure}")
            : null;
    }

    private static Finding Wrong(StressSlot slot, string what) => new()
    {
        Kind = FindingKind.WrongReport,
        Message = $"{what}: {slot.Result}",
        Operation = slot.Operation.Describe(slot.Legs),
    };

    private static Finding About(FindingKind kind, StressSlot slot, int region, string message)
    {
        StressLeg leg = slot.Legs[slot.Operation.Regions[region].Leg];
        long sector = kind == FindingKind.UnexpectedFailure ? slot.FailureOf(region).Sector : slot.Operation.Regions[region].Sector;
        return new Finding
        {
            Kind = kind,
            Message = message,
            Path = leg.Path,
            Sector = sector,
            Operation = slot.Operation.Describe(slot.Legs),
            History = leg.History.Describe(sector),
        };
    }
}
