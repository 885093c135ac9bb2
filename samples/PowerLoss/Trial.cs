using System.Text;
using DmIoUring.Testing;

namespace DmIoUring.Samples;

/// <summary>A log that is written, loses power after some requests, is recovered and written on, loses power again, and is recovered.</summary>
internal sealed class Trial : IDisposable
{
    private const int Writers = 3;
    private const int Each = 4;
    private const int Blocks = 32;

    private readonly StorageSimulation _simulation;
    private readonly SimulatedDisk _disk;
    private readonly long _requests;
    private readonly HashSet<string> _appended = new(StringComparer.Ordinal);
    private readonly HashSet<string> _acknowledged = new(StringComparer.Ordinal);
    private readonly HashSet<string> _givenUp = new(StringComparer.Ordinal);
    private List<string> _recovered = [];

    public Trial(long seed, long requests)
    {
        _requests = requests;
        _simulation = new StorageSimulation(seed);

        // Every third disk fails now and then, too; every other one tears its blocks, or has no FUA.
        double faults = seed % 3 == 0 ? 0.02 : 0;
        _disk = _simulation.AddDisk(Blocks * WriteAheadLog.BlockBytes, new SimulatedDiskOptions
        {
            LogicalBlockSize = seed % 2 == 0 ? 512 : 4096,
            TornUnit = 512,
            Cache = seed % 4 == 0 ? SimulatedCache.WithoutFua : SimulatedCache.WithFua,
            WriteErrorRate = faults,
            FlushErrorRate = faults,
            ShortTransferRate = faults,
            RetryRate = faults,
        });
    }

    /// <summary>Whether the power was cut before the first run had ended.</summary>
    public bool IsCut { get; private set; }

    public int Acknowledged => _acknowledged.Count;

    public long LostSectors { get; private set; }

    /// <summary>What is wrong; null when nothing is.</summary>
    public async Task<string?> RunAsync()
    {
        _simulation.CutPowerAfter(_requests, MediumOperations.Changes);
        await AppendAsync("first", Writers, static async (client, device) => (await WriteAheadLog.CreateAsync(client, device), []));
        IsCut = !_simulation.HasPower;
        Reboot();

        // The cut may come while it recovers, too, or soon after. One writer alone leaves more of what lies behind its record as it is.
        _simulation.CutPowerAfter(_requests % 5, MediumOperations.Changes);
        if (await AppendAsync("second", 1, WriteAheadLog.OpenAsync) is { } second)
            return second;
        Reboot();
        return await AppendAsync("third", Writers, WriteAheadLog.OpenAsync);
    }

    public void Dispose() => _simulation.Dispose();

    private void Reboot()
    {
        if (_simulation.HasPower)
            _simulation.CutPower();
        LostSectors += _disk.LastPowerLoss!.Value.Lost;
        _simulation.RestorePower();
    }

    /// <summary>Opens the log, compares what it has with what it must have, and appends.</summary>
    private async Task<string?> AppendAsync(string run, int writers, Func<DmIoClient, BlockDevice, Task<(WriteAheadLog, List<byte[]>)>> open)
    {
        await using DmIoClient client = _simulation.CreateClient();
        using BlockDevice device = _disk.Open();
        WriteAheadLog log;
        try
        {
            (log, List<byte[]> records) = await open(client, device);
            if (Check([.. records.Select(Encoding.UTF8.GetString)]) is { } wrong)
                return $"{run} run: {wrong}";
        }
        catch (IOException)
        {
            // The power went while it was opened, or the disk failed.
            return null;
        }

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAsync(log, $"{run} run, writer {writer}"))));
        return null;
    }

    private async Task WriteAsync(WriteAheadLog log, string writer)
    {
        using IoMemory block = IoMemory.Allocate(WriteAheadLog.BlockBytes);
        for (int i = 0; i < Each; i++)
        {
            // Long enough to have something in each sector.
            string record = string.Concat(Enumerable.Repeat($"{writer}, record {i}. ", 100));
            lock (_appended)
                _appended.Add(record);
            if (!await log.AppendAsync(Encoding.UTF8.GetBytes(record), block))
                return;
            lock (_appended)
                _acknowledged.Add(record);
        }
    }

    private string? Check(List<string> records)
    {
        string? torn = records.Find(record => !_appended.Contains(record));
        if (torn is not null)
            return $"a record is there that nobody appended: {torn}";
        if (records.Count != records.Distinct(StringComparer.Ordinal).Count())
            return "a record is there twice";
        if (_acknowledged.FirstOrDefault(record => !records.Contains(record, StringComparer.Ordinal)) is { } missing)
            return $"an acknowledged record is missing: {missing[..40]}";
        if (!records.Take(_recovered.Count).SequenceEqual(_recovered, StringComparer.Ordinal))
            return "what was recovered before is not there any more";
        if (records.Find(_givenUp.Contains) is { } ghost)
            return $"a record has come back after it was given up: {ghost[..40]}";
        _givenUp.UnionWith(_appended.Except(records, StringComparer.Ordinal));
        _recovered = records;
        return null;
    }
}
