namespace DmIoUring.Cli.Stress;

/// <summary>
/// The operations of one thread, one after the other. They depend on the seed, the thread's number and the devices' sizes and
/// on nothing that happens in the run: what meets a block in use is left out, not moved.
/// </summary>
internal sealed class OperationDrawer
{
    private const int MostRegions = 8;
    private const int ReadBackSectors = 128;

    private readonly int _thread;
    private readonly LegShape[] _legs;
    private readonly int _mostSectors;
    private SeededSequence _random;
    private long _number;

    public OperationDrawer(ulong seed, int thread, LegShape[] legs)
    {
        _thread = thread;
        _legs = legs;
        _mostSectors = MostSectors(legs);
        _random = new SeededSequence(SeededSequence.Combine(seed, (ulong)thread));
    }

    /// <summary>The longest region: past one chunk of 1 MiB, and not much of a small device.</summary>
    public static int MostSectors(LegShape[] legs)
    {
        int unit = legs.Max(leg => leg.BlockSectors);
        long most = Math.Min(2304, legs.Min(leg => leg.Sectors) / 8);
        return (int)Math.Max(most / unit * unit, unit);
    }

    public StressOperation Next()
    {
        OperationKind kind = DrawKind();
        StressOperation operation = new()
        {
            Generation = Generation.Of(_thread, ++_number),
            Kind = kind,
            Client = _random.Below(StressClients.Count),
            Way = DrawWay(),
            Shape = (BufferShape)_random.Below((int)BufferShape.Rented + 1),
            Luck = _random.Next(),
        };
        operation = operation with { CancelAfter = DrawCancel(operation.Way) };
        return kind switch
        {
            OperationKind.Read => WithRegions(operation, [DrawAlone(0)]) with { Priority = DrawPriority() },
            OperationKind.Write => DrawWrite(operation),
            OperationKind.Flush => WithRegions(operation, [.. Enumerable.Range(0, _legs.Length).Where(_ => !_random.OneIn(3)).DefaultIfEmpty(0)
                .Select(leg => new StressRegion(leg, 0, 0, 0))]),
            OperationKind.Discard or OperationKind.WriteZeroes => WithRegions(operation, DrawRegions()),
            _ => operation,
        };
    }

    private OperationKind DrawKind() => _random.Below(10_000) switch
    {
        < 4_000 => OperationKind.Read,
        < 8_300 => OperationKind.Write,
        < 8_600 => OperationKind.Flush,
        < 9_000 => OperationKind.Discard,
        < 9_600 => OperationKind.WriteZeroes,
        < 9_995 => OperationKind.Reserve,
        _ => OperationKind.RenewClient,
    };

    private CallWay DrawWay() => _random.Below(10) switch
    {
        < 3 => CallWay.Synchronous,
        < 6 => CallWay.Callback,
        < 7 => CallWay.TryCallback,
        _ => CallWay.Awaited,
    };

    private int DrawCancel(CallWay way)
    {
        bool cancels = _random.OneIn(8);
        int after = _random.Below(3);
        return cancels && way == CallWay.Awaited ? after : StressOperation.NoCancel;
    }

    private IoPriority DrawPriority() => _random.OneIn(16) ? new IoPriority(IoPriorityClass.BestEffort, _random.Below(8)) : default;

    private StressOperation DrawWrite(StressOperation operation)
    {
        StressRegion[] regions = DrawRegions();
        IoFlags flags = IoFlags.None;
        if (_random.OneIn(24))
            flags |= IoFlags.Preflush;
        if (_random.OneIn(16))
            flags |= IoFlags.Fua;
        if (_random.OneIn(12))
            flags |= IoFlags.StableCopy;
        bool readsBack = operation.Way == CallWay.Callback && regions.Length == 1 && regions[0].Count is > 0 and <= ReadBackSectors
            && flags == IoFlags.None && operation.Shape != BufferShape.Sequence && _random.OneIn(2);
        return WithRegions(operation, regions) with { Flags = flags, ReadsBack = readsBack, Priority = DrawPriority() };
    }

    private static StressOperation WithRegions(StressOperation operation, StressRegion[] regions) => operation with
    {
        Regions = regions,
        BufferSectors = regions.Max(region => region.BufferSector + region.Count),
    };

    private StressRegion[] DrawRegions() => _random.Below(10) switch
    {
        < 5 => [DrawAlone(0)],
        < 8 => [.. DrawMirror(0, _mostSectors)],
        _ => DrawMixed(),
    };

    private StressRegion DrawAlone(int bufferSector)
    {
        int leg = _random.Below(_legs.Length);
        (long sector, int count) = DrawPlace(_legs[leg].Sectors, _legs[leg].BlockSectors, _mostSectors);
        return new StressRegion(leg, sector, count, bufferSector);
    }

    /// <summary>The same place on several legs, some of them with less of it or nothing.</summary>
    private List<StressRegion> DrawMirror(int bufferSector, int most)
    {
        int unit = _legs.Max(leg => leg.BlockSectors);
        (long sector, int count) = DrawPlace(_legs.Min(leg => leg.Sectors), unit, most);
        List<StressRegion> regions = [];
        for (int leg = 0; leg < _legs.Length; leg++)
        {
            if (_random.OneIn(6))
                continue;
            int own = _random.OneIn(5) ? _random.Below(count / unit + 1) * unit : count;
            regions.Add(new StressRegion(leg, sector, own, bufferSector));
        }

        if (regions.Count == 0)
            regions.Add(new StressRegion(0, sector, count, bufferSector));
        return regions;
    }

    /// <summary>Stripes and mirrors in one request, each with its own part of the buffer.</summary>
    private StressRegion[] DrawMixed()
    {
        List<StressRegion> regions = [];
        int buffer = 0;
        int unit = _legs.Max(leg => leg.BlockSectors);
        int most = Math.Max(_mostSectors / MostRegions / unit * unit, unit);
        while (regions.Count < MostRegions && buffer + most <= _mostSectors && (regions.Count < 2 || !_random.OneIn(4)))
        {
            regions.AddRange(DrawMirror(buffer, most));
            buffer = regions.Max(region => region.BufferSector + region.Count);
        }

        return regions.Count <= IoRegion.MaxRegions ? [.. regions] : [.. regions.Take(IoRegion.MaxRegions)];
    }

    /// <summary>Mostly a few blocks, sometimes many; a quarter of it all in a sixteenth of the device, where blocks are written again soon.</summary>
    private (long Sector, int Count) DrawPlace(long sectors, int unit, int most)
    {
        int units = _random.Below(20) switch
        {
            < 11 => 1 + _random.Below(8),
            < 17 => 1 + _random.Below(128 / unit + 1),
            < 19 => 1 + _random.Below(512 / unit + 1),
            _ => 1 + _random.Below(most / unit),
        };
        int count = Math.Min(units * unit, most);
        long range = _random.OneIn(4) ? Math.Max(sectors / 16, count) : sectors;
        return (_random.Below((range - count) / unit + 1) * unit, count);
    }
}
