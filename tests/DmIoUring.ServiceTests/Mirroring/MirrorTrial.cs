using DmIoUring.Services;
using DmIoUring.Services.Mirroring.Metadata;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>
/// One seed's story of a mirror: writes, flushes, reads, legs that fail, return wrong data where there are checksums, lose power, are taken out, stay away and are replaced, resyncs, and losses of
/// power at any request. One leg never fails, but which one changes when all are in sync.
/// </summary>
internal sealed class MirrorTrial : IAsyncDisposable
{
    private const int Steps = 60;

    private readonly Random _random;
    private readonly MirrorBench _bench;
    private readonly SectorModel _model = new(MirrorBench.Sectors);
    private readonly List<Fault> _faults = [];
    private readonly List<string> _story = [];
    private readonly List<int> _members;
    private readonly bool _hasChecksums;
    private int _healthy;
    private bool[]? _known;

    /// <summary>By leg, other disks that may be it: those of replacements that were cut off.</summary>
    private readonly Dictionary<int, Queue<int>> _candidates = [];

    public MirrorTrial(int seed)
    {
        _random = new Random(seed);
        _bench = new MirrorBench(_random.Next(2, 4), seed, new SimulatedDiskOptions
        {
            TornUnit = 512,
            Cache = (SimulatedCache)_random.Next(3),
            ShortTransferRate = 0.02,
            HasWriteZeroes = _random.Next(2) == 0,
        })
        {
            Options = new MirrorOptions { ReadPolicy = MirrorReadPolicy.RoundRobin },
        };
        _hasChecksums = _random.Next(2) == 0;
        _members = [.. Enumerable.Range(0, _bench.Disks.Count)];
    }

    /// <summary>What happened.</summary>
    public string Story => string.Join('\n', _story);

    public async Task RunAsync()
    {
        await _bench.CreateAsync(new MirrorCreateOptions
        {
            Sectors = MirrorBench.Sectors,
            RegionSectors = MirrorBench.RegionSectors,
            AssumeEqual = _random.Next(2) == 0,
            Checksums = _hasChecksums,
        });
        _healthy = 0;
        for (int step = 0; step < Steps; step++)
        {
            // With one leg in sync, a loss of power can tear the only copy.
            _known = _hasChecksums && _bench.Mirror.Legs.Count(static leg => leg.State == MirrorLegState.InSync) > 1 ? Known() : null;
            await StepAsync();
        }
        await _bench.CrashAsync();
        _model.PowerLost();
        await ReopenAsync(_members);
        await ResyncAsync(mustComplete: true);
        if (_hasChecksums)
            await OpenALegAloneAsync();
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    /// <summary>Each leg has all the checksums of a mirror that was closed.</summary>
    private async Task OpenALegAloneAsync()
    {
        bool[] known = Known();
        await _bench.CloseAsync();
        int leg = _random.Next(_members.Count);
        await _bench.OpenAsync(new MirrorOpenOptions { AllowMissing = true }, _members[leg]);
        if (Known().AsSpan().CommonPrefixLength(known) is int same && same < known.Length)
            throw new InvalidOperationException($"leg {leg} alone {(known[same] ? "lacks the" : "has a")} checksum of block {same}");
    }

    private bool[] Known() => [.. Enumerable.Range(0, _bench.Mirror.Checksums!.Blocks).Select(_bench.Mirror.Checksums.IsKnown)];

    /// <summary>Of regions that the log has as clean no checksum is lost, whatever happens.</summary>
    private void CheckChecksums()
    {
        if (!_hasChecksums || _known is null || _bench.Mirror.Legs.Count(static leg => leg.State == MirrorLegState.InSync) < 2)
            return;
        bool[] known = Known();
        for (int block = 0; block < known.Length; block++)
        {
            if (_known[block] && !known[block] && !_bench.Mirror.Log.IsDirty((int)(block * MirrorLayout.BlockSectors / MirrorBench.RegionSectors)))
                throw new InvalidOperationException($"the checksum of block {block} is lost");
        }
    }

    private Task StepAsync() => _random.Next(18) switch
    {
        0 or 1 or 2 or 3 or 4 => WriteAsync(),
        5 => ZeroAsync(),
        6 or 7 => FlushAsync(),
        8 => ReadAsync(),
        9 => FailALegAsync(),
        10 => ResyncAsync(mustComplete: false),
        11 => LosePowerAsync(),
        12 => CloseAndOpenAsync(),
        13 => TakeOutOrReplaceAsync(),
        14 => LosePowerOfALegAsync(),
        15 => CleanAsync(),
        16 => CorruptAsync(),
        _ => LosePowerSoonAsync(),
    };

    private (long Sector, long Count) Range()
    {
        long unit = _hasChecksums ? MirrorLayout.BlockSectors : 1;
        long count = _random.Next(1, 40 / (int)unit) * unit;
        return (_random.NextInt64((MirrorBench.Sectors - count) / unit) * unit, count);
    }

    private async Task WriteAsync()
    {
        (long sector, long count) = Range();
        ulong value = _model.NextValue();
        IoFlags flags = _random.Next(4) switch { 0 => IoFlags.Fua, 1 => IoFlags.Preflush, _ => IoFlags.None };
        MirrorResult result = await _bench.Mirror.WriteAsync(sector, count, SectorModel.Fill(value, count), flags);
        Tell($"write {value} to {sector}+{count} {flags}: {result}");
        _model.Written(sector, count, value, result.IsSuccess, flags == IoFlags.Fua);
        CheckIsDone(result);
        await EnsurePowerAsync();
    }

    private async Task ZeroAsync()
    {
        (long sector, long count) = Range();
        MirrorResult result = await _bench.Mirror.WriteZeroesAsync(sector, count);
        Tell($"zeroes to {sector}+{count}: {result}");
        _model.Written(sector, count, 0, result.IsSuccess, isDurable: false);
        CheckIsDone(result);
        await EnsurePowerAsync();
    }

    private async Task FlushAsync()
    {
        MirrorResult result = await _bench.Mirror.FlushAsync();
        Tell($"flush: {result}");
        if (result.IsSuccess)
            _model.Flushed();
        CheckIsDone(result);
        await EnsurePowerAsync();
    }

    private async Task CleanAsync()
    {
        await _bench.Mirror.CleanAsync(isLast: false);
        Tell($"clean: {_bench.Mirror.DirtyRegions} dirty regions");
        await EnsurePowerAsync();
    }

    private async Task ReadAsync()
    {
        (long sector, long count) = Range();
        byte[] bytes = new byte[count * IoRegion.SectorSize];
        MirrorResult result = await _bench.Mirror.ReadAsync(sector, count, bytes);
        Tell($"read {sector}+{count}: {result}");
        CheckIsDone(result);
        if (result.IsSuccess && _model.Check(sector, bytes) is { } wrong)
            throw new InvalidOperationException(wrong);
        await EnsurePowerAsync();
    }

    /// <summary>A leg returns wrong data until it is found out, which it is when it is read. All is durable before, so that nothing else changes the block.</summary>
    private async Task CorruptAsync()
    {
        if (!_hasChecksums)
            return;
        await FlushAsync();
        int leg = OtherLeg(), block = _random.Next((int)(MirrorBench.Sectors / MirrorLayout.BlockSectors));
        SimulatedDisk disk = _bench.Disks[_members[leg]];
        if (_faults.Count > 0 || !disk.HasPower || _bench.State(leg) != MirrorLegState.InSync || _bench.Mirror.NeedsResync || !_bench.Mirror.Checksums!.IsKnown(block))
            return;
        long sector = block * MirrorLayout.BlockSectors;
        byte[] right = disk.Read(sector, MirrorLayout.BlockSectors), wrong = [.. right], read = new byte[right.Length];
        wrong[_random.Next(wrong.Length)] ^= (byte)_random.Next(1, 256);
        long before = _bench.Mirror.Legs[leg].CorruptReads;
        Tell($"leg {leg} is wrong at {sector}");
        disk.Write(sector, wrong);
        for (int reads = 1; _bench.Mirror.Legs[leg].CorruptReads == before && disk.HasPower; reads++)
        {
            MirrorResult result = await _bench.Mirror.ReadAsync(sector, MirrorLayout.BlockSectors, read);
            Tell($"read {sector}: {result}");
            CheckIsDone(result);
            if (result.IsSuccess && _model.Check(sector, read) is { } other)
                throw new InvalidOperationException(other);
            if (reads > 2 * _members.Count)
                throw new InvalidOperationException($"leg {leg} is never found out");
        }

        // Unless the power went before.
        if (disk.HasPower && !disk.Read(sector, MirrorLayout.BlockSectors).AsSpan().SequenceEqual(right))
            throw new InvalidOperationException($"leg {leg} was not repaired");
        if (!disk.HasPower)
            disk.Write(sector, right);
        await EnsurePowerAsync();
    }

    private Task FailALegAsync()
    {
        if (_faults.Count > 0 && _random.Next(2) == 0)
        {
            EndFaults();
            return Task.CompletedTask;
        }

        int leg = OtherLeg();
        MediumOperations operations = (MediumOperations)_random.Next(1, 8);
        long sector = _random.NextInt64(MirrorBench.Sectors);
        int times = _random.Next(1, 4);
        Tell($"leg {leg} will fail {operations} from {sector} on, {times} times");
        _faults.Add(_bench.Disks[_members[leg]].Fail(operations, errno: 5, firstSector: sector, times: times));
        return Task.CompletedTask;
    }

    private async Task ResyncAsync(bool mustComplete)
    {
        if (_random.Next(2) == 0 || mustComplete)
            EndFaults();
        MirrorResyncResult result = await _bench.Mirror.ResyncAsync();
        Tell($"resync: {result}; {_bench.Mirror}");
        if (mustComplete && !result.IsComplete)
            throw new InvalidOperationException("a resync without faults is not complete");
        await EnsurePowerAsync();
        if (!result.IsComplete || _bench.Mirror.Legs.Any(static leg => leg.State != MirrorLegState.InSync) || _bench.Mirror.NeedsResync)
            return;
        _bench.AssertEqual([.. _members]);
        byte[] all = _bench.Disks[_members[0]].Read(0, MirrorBench.Sectors);
        if (_model.Check(0, all) is { } wrong)
            throw new InvalidOperationException(wrong);
        _model.Settle(all);

        // All have everything: from now on another one may be the one that stays.
        EndFaults();
        _healthy = _random.Next(_members.Count);
        Tell($"leg {_healthy} does not fail");
    }

    private async Task LosePowerAsync()
    {
        Tell("power loss");
        await _bench.CrashAsync();
        _model.PowerLost();
        await ReopenAsync(Members());
    }

    private Task LosePowerSoonAsync()
    {
        long requests = _random.Next(12);
        Tell($"power loss after {requests} requests");
        _bench.Simulation.CutPowerAfter(requests);
        return Task.CompletedTask;
    }

    private async Task LosePowerOfALegAsync()
    {
        int leg = OtherLeg();
        SimulatedDisk disk = _bench.Disks[_members[leg]];
        if (!disk.HasPower)
            return;
        Tell($"leg {leg} loses power");
        disk.CutPower();

        // So that it is known: what its cache had is lost.
        await WriteAsync();
        if (!_bench.Simulation.HasPower && !disk.HasPower)
            disk.RestorePower();
    }

    private async Task CloseAndOpenAsync()
    {
        Tell("close");
        await _bench.CloseAsync();
        if (await EnsurePowerAsync(isOpen: false))
            return;
        await ReopenAsync(Members());
    }

    private async Task TakeOutOrReplaceAsync()
    {
        int leg = OtherLeg(), disk = _members[leg];
        try
        {
            if (_random.Next(2) == 0)
            {
                Tell($"take out {leg}");
                await _bench.Mirror.TakeOutAsync(leg);
            }
            else
            {
                Tell($"replace {leg}");
                disk = _bench.Disks.Count;
                _bench.Disks.Add(_bench.AddDisk());
                await _bench.Mirror.ReplaceAsync(leg, _bench.Open(_bench.Disks[disk]));
                _members[leg] = disk;
                _candidates.Remove(leg);
            }
        }
        catch (MirrorException exception)
        {
            Tell(exception.Message);
            if (_bench.Simulation.HasPower && _faults.Count == 0)
                throw;
            if (disk != _members[leg])
            {
                if (!_candidates.TryGetValue(leg, out Queue<int>? others))
                    _candidates[leg] = others = [];
                others.Enqueue(disk);
            }
        }
        catch (IOException) when (!_bench.Simulation.HasPower)
        {
            // A disk without power can't be opened.
        }

        await EnsurePowerAsync();
    }

    /// <summary>After a loss of power that came by itself: everything begins again.</summary>
    private async Task<bool> EnsurePowerAsync(bool isOpen = true)
    {
        if (_bench.Disks.TrueForAll(static disk => disk.HasPower))
            return false;
        bool isAll = _bench.Disks.TrueForAll(static disk => !disk.HasPower);
        if (!isAll)
        {
            foreach (SimulatedDisk disk in _bench.Disks.Where(static disk => !disk.HasPower))
                disk.RestorePower();
            return false;
        }

        Tell("power is off");
        if (isOpen)
            await _bench.CrashAsync();
        else
            _bench.Simulation.RestorePower();
        _model.PowerLost();
        await ReopenAsync(Members());
        return true;
    }

    private async Task ReopenAsync(IEnumerable<int> members)
    {
        // A leg whose superblock can't be read is not known to be one, and would have to be left out.
        EndFaults();
        List<int> disks = [.. members];
        while (true)
        {
            if (_bench.Mirror is not null)
                await _bench.CloseAsync();
            if (!_bench.Simulation.HasPower)
            {
                _bench.Simulation.RestorePower();
                _model.PowerLost();
            }

            try
            {
                await _bench.OpenAsync(new MirrorOpenOptions { AllowMissing = true }, [.. disks]);
                Tell($"open {string.Join(", ", disks)}: {_bench.Mirror}");
                CheckChecksums();
                return;
            }
            catch (MirrorException exception) when (_bench.Simulation.HasPower && OtherCandidate(exception, disks) is { } other)
            {
                Tell($"{exception.Message} Disk {other} then.");
            }
            catch (IOException exception) when (!_bench.Simulation.HasPower)
            {
                Tell(exception.Message);
            }
        }
    }

    /// <summary>The disk that is refused gives its place to the next one that may be this leg; null: it is no such disk.</summary>
    private int? OtherCandidate(MirrorException exception, List<int> disks)
    {
        int refused = disks.FindIndex(disk => exception.Message.StartsWith($"{_bench.Disks[disk].Name} ", StringComparison.Ordinal));
        if (refused < 0 || exception.Refusal is not (MirrorRefusal.Foreign or MirrorRefusal.NoMetadata))
            return null;
        int leg = _members.IndexOf(disks[refused]);
        if (!_candidates.TryGetValue(leg, out Queue<int>? others))
            return null;
        int other = others.Dequeue();
        others.Enqueue(_members[leg]);
        _members[leg] = disks[refused] = other;
        return other;
    }

    /// <summary>All disks, or all but one that may fail.</summary>
    private IEnumerable<int> Members()
    {
        int away = _random.Next(3) == 0 ? OtherLeg() : -1;
        return _members.Where((_, leg) => leg != away);
    }

    private int OtherLeg() => (_healthy + _random.Next(1, _members.Count)) % _members.Count;

    private void CheckIsDone(MirrorResult result)
    {
        if (!result.IsSuccess && _bench.Simulation.HasPower)
            throw new InvalidOperationException($"a request failed although leg {_healthy} did not: {result}");
    }

    private void EndFaults()
    {
        _faults.ForEach(static fault => fault.Dispose());
        _faults.Clear();
    }

    private void Tell(string what) => _story.Add(what);
}
