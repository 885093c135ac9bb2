namespace DmIoUring.Cli.Stress;

/// <summary>What an operation that has ended means: its bits are judged, its blocks' content is known from here, what it read is checked.</summary>
internal sealed class Outcomes(StressRun run)
{
    private readonly FaultState[] _after = new FaultState[IoRegion.MaxRegions];

    public void Settle(StressSlot slot)
    {
        StressOperation operation = slot.Operation;
        for (int i = 0; i < operation.Regions.Length; i++)
            _after[i] = run.Legs[operation.Regions[i].Leg].Fault;
        if (ResultJudge.Judge(slot, _after) is { } finding)
            run.Report(finding);
        for (int i = 0; i < operation.Regions.Length; i++)
            Note(slot, operation.Regions[i], slot.FailureOf(i));
        if (operation.Kind == OperationKind.Read)
            CheckRead(slot, slot.Result);
        else if (slot.ReadBack is { } readBack)
            CheckReadBack(slot, readBack);
        run.Progress.AddOperation(operation.Kind);
    }

    private void Note(StressSlot slot, in StressRegion region, in IoFailure failure)
    {
        StressOperation operation = slot.Operation;
        StressLeg leg = run.Legs[region.Leg];
        bool ok = failure.Cause == IoFailureCause.None;
        if (!ok)
            leg.AcknowledgeDoubt();
        if (!ok && !(leg.HasNoDiscard && operation.Kind == OperationKind.Discard))
            run.Progress.AddFailure(failure.Cause);
        if (region.Count == 0)
            return;
        switch (operation.Kind)
        {
            case OperationKind.Write:
                Settle(leg, region, operation.Generation, ok);
                run.Progress.AddWritten((long)region.Count * IoRegion.SectorSize);
                break;
            case OperationKind.WriteZeroes:
                Settle(leg, region, ContentMap.Zeroes, ok);
                break;
            case OperationKind.Discard:
                leg.Contents.AddDiscarded(region.Sector, region.Count, fickle: leg.Own is null);
                break;
        }

        leg.History.Add(new HistoryEntry(
            operation.Generation, slot.StartMilliseconds, run.Milliseconds, (int)region.Sector, region.Count, operation.Kind, (short)failure.Errno));
    }

    private static void Settle(StressLeg leg, in StressRegion region, long content, bool ok)
    {
        if (ok)
            leg.Contents.SetOnly(region.Sector, region.Count, content);
        else
            leg.Contents.Add(region.Sector, region.Count, content);
    }

    private void CheckReadBack(StressSlot slot, IoResult readBack)
    {
        StressRegion region = slot.Operation.Regions[0];
        bool mayFail = (readBack.First.Cause == IoFailureCause.TimedOut && slot.Operation.Client == StressClients.Hasty)
            || FaultState.Between(slot.Before[0], _after[0], OperationKind.Read, IoFlags.None, region) != FaultEffect.None;
        if (!readBack.IsSuccess && !mayFail)
        {
            run.Report(new Finding
            {
                Kind = FindingKind.UnexpectedFailure,
                Message = $"the read in the callback of a write: {readBack}",
                Path = run.Legs[region.Leg].Path,
                Sector = readBack.First.Sector,
                Operation = slot.Operation.Describe(run.Legs),
            });
        }

        CheckRead(slot, readBack);
    }

    private void CheckRead(StressSlot slot, IoResult result)
    {
        StressRegion region = slot.Operation.Regions[0];
        StressLeg leg = run.Legs[region.Leg];
        slot.Buffer.Gather();
        ReadOnlySpan<byte> bytes = slot.Buffer.Ordered[..(region.Count * IoRegion.SectorSize)];

        // A device that was being shrunk gives zeroes for what it is losing just then, and no error.
        bool wasChanged = !ReferenceEquals(slot.Before[0], _after[0]) || _after[0].IsChanging;
        int wrong = run.Check.FirstWrong(leg, bytes, region.Sector, mayBeZeroes: !result.IsSuccess || wasChanged);
        if (wrong < 0)
        {
            run.Progress.AddVerified(bytes.Length);
            return;
        }

        if (run.Finding is null)
        {
            run.Report(EvidenceOfBytes.Collect(
                run, leg, bytes.Slice(wrong * IoRegion.SectorSize, IoRegion.SectorSize), region.Sector + wrong, slot.Operation.Describe(run.Legs)));
        }
    }
}
