using System.Globalization;

namespace DmIoUring.KernelTests;

/// <summary>
/// dm-log-writes as one leg of three: what the device was asked for and in which order, and what a power cut at each
/// mark would leave.
/// </summary>
public sealed class LogWritesTests
{
    private const int Rounds = 6;
    private const int Slots = 64;
    private const int SlotSectors = 64;
    private const int CommitSector = Slots * SlotSectors;
    private const int CommitSectors = 8;
    private const int UsedSectors = CommitSector + CommitSectors;
    private const int LogSectors = Medium.Sectors;

    public static TheoryData<Way, string> WaysAndDevices
    {
        get
        {
            TheoryData<Way, string> data = [];
            foreach (Way way in Enum.GetValues<Way>())
            {
                data.Add(way, "loop");
                data.Add(way, "scsi_debug");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(WaysAndDevices))]
    public void WhatWasPromisedAtAMark_IsThereWhenTheLogIsReplayedToIt(Way way, string kind)
    {
        MappedDevice.Require("log-writes");
        using Medium? loop = string.Equals(kind, "loop", StringComparison.Ordinal) ? new Medium() : null;
        string under = loop?.Loop.Path ?? ScsiDebug.Require();
        byte[] content = new byte[UsedSectors * 512];
        Clear(under);
        using Medium log = new(sectors: LogSectors);
        List<Round> rounds = [];
        using (MappedDevice device = new(string.Create(CultureInfo.InvariantCulture, $"0 {Medium.Sectors} log-writes {under} {log.Loop.Path}")))
        {
            using ThreeLegs legs = new(way, device.Path);
            for (int number = 0; number < Rounds; number++)
                rounds.Add(Play(number, legs, device, content));
        }

        List<LogEntry> entries = WriteLog.Read(log.Read(0, LogSectors * 512));
        byte[] image = new byte[content.Length];
        int from = 0;
        foreach (Round round in rounds)
        {
            int mark = entries.IndexOf(round.Mark);
            WriteLog.Replay(entries[from..mark], image);
            if (round.Commit != Commit.Fua)
                Data.AssertSame(round.Promised, image, $"the replay to {round.Mark} ({round.Commit})");
            else
                Data.AssertSame(CommitBlock(round.Promised), CommitBlock(image), $"the FUA block of the replay to {round.Mark}");
            if (round.Commit == Commit.PreflushFua)
                AssertOrder(entries[from..mark], round);
            from = mark;
        }
    }

    /// <summary>Some plain writes, and what makes something of them durable; then a mark.</summary>
    private static Round Play(int number, ThreeLegs legs, MappedDevice device, byte[] content)
    {
        Commit commit = (Commit)(number % 3);
        List<long> plain = [];
        for (int write = 0; write < 3; write++)
        {
            long sector = ((number * 7) + (write * 19)) % Slots * SlotSectors;
            using IoMemory data = Data.Memory(SlotSectors * 512 >> write, (number * 10) + write);
            Assert.Equal(default, legs.Write(sector, data));
            data.GetSpan().CopyTo(content.AsSpan((int)sector * 512));
            plain.Add(sector);
        }

        if (commit == Commit.Flush)
        {
            Assert.Equal(default, legs.Flush());
        }
        else
        {
            using IoMemory block = Data.Memory(CommitSectors * 512, 1000 + number);
            Assert.Equal(default, legs.Write(CommitSector, block, commit == Commit.Fua ? IoFlags.Fua : IoFlags.Preflush | IoFlags.Fua));
            block.GetSpan().CopyTo(content.AsSpan(CommitSector * 512));
        }

        string mark = string.Create(CultureInfo.InvariantCulture, $"round-{number}");
        device.Message("mark", mark);
        return new Round(mark, commit, plain, [.. content]);
    }

    /// <summary>The flush after all that was acknowledged before it, the data after the flush, and the data durable at the end.</summary>
    private static void AssertOrder(List<LogEntry> entries, Round round)
    {
        int data = entries.FindLastIndex(static entry => entry.Sector == CommitSector && entry.Count > 0);
        int flush = entries.FindLastIndex(data, static entry => entry.Flags.HasFlag(LogFlags.Flush));
        Assert.True(data >= 0, $"{round.Mark}: the log has no commit block.");
        Assert.True(flush >= 0, $"{round.Mark}: no flush before the commit block.");
        foreach (long sector in round.Plain)
        {
            int write = entries.FindIndex(entry => entry.Sector == sector && entry.Count > 0);
            Assert.True(write >= 0 && write < flush, $"{round.Mark}: the write at sector {sector} is entry {write}, and the flush that must cover it is {flush}.");
        }

        Assert.True(
            entries[data].Flags.HasFlag(LogFlags.Fua) || entries.FindIndex(data + 1, static entry => entry.Flags.HasFlag(LogFlags.Flush)) > data,
            $"{round.Mark}: the commit block has no FUA, and no flush follows it.");
    }

    private static ReadOnlySpan<byte> CommitBlock(byte[] image) => image.AsSpan(CommitSector * 512, CommitSectors * 512);

    private static void Clear(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(new byte[UsedSectors * 512]);
        stream.Flush(flushToDisk: true);
    }

    private enum Commit
    {
        Flush,
        Fua,
        PreflushFua,
    }

    private sealed record Round(string Mark, Commit Commit, List<long> Plain, byte[] Promised);
}
