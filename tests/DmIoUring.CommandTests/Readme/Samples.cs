using System.Text;
using DmIoUring.Samples;
using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.CommandTests.Readme;

/// <summary>The README's samples, between markers; <see cref="ReadmeTests"/> compares and runs them.</summary>
internal static class Samples
{
    public static IoResult Sync(string leftPath, string rightPath)
    {
        // <sync>
        using BlockDevice left = BlockDevice.Open(leftPath), right = BlockDevice.Open(rightPath);
        using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(4096);
        "hello"u8.CopyTo(memory.GetSpan());

        // 8 sectors of 512 bytes at sector 2048 of both devices, at once.
        IoResult result = client.Write([new IoRegion(left, 2048, 8), new IoRegion(right, 2048, 8)], memory);
        foreach (int leg in result.Failed)
            Console.WriteLine($"leg {leg} is out; first: {result.First}");
        // </sync>
        return result;
    }

    public static IoResult Callback(string leftPath, string rightPath)
    {
        IoResult last = default;
        // <callback>
        using BlockDevice left = BlockDevice.Open(leftPath), right = BlockDevice.Open(rightPath);
        using IoMemory memory = IoMemory.Allocate(1 << 20);
        using (DmIoClient client = new())
        {
            // Runs on the client's own thread; the buffer is free again, and it may submit more.
            IoNotify notify = (result, context) => last = result;

            client.SubmitWrite([new IoRegion(left, 0, 2048), new IoRegion(right, 0, 2048)], memory, notify, context: "mirror");
        } // Dispose returns when every callback has returned.
        // </callback>
        return last;
    }

    public static long Completed(string path)
    {
        long total = 0;
        // <completed>
        using BlockDevice device = BlockDevice.Open(path, DeviceAccess.Read);
        using IoMemory memory = IoMemory.Allocate(4096);
        using (DmIoClient client = new())
        {
            IoCompleted notify = (result, bytes, context, tag) => total = tag + bytes;

            client.SubmitRead(new IoRegion(device, 2048, 8), memory, notify, context: null, tag: 2048 * 512);
        }
        // </completed>
        return total;
    }

    public static async Task<CopyResult> Copy(string sourcePath, string leftPath, string rightPath)
    {
        // <copy>
        using BlockDevice source = BlockDevice.Open(sourcePath, DeviceAccess.Read), left = BlockDevice.Open(leftPath), right = BlockDevice.Open(rightPath);
        await using DmIoClient client = new();
        await using CopyService copies = new(client);
        CopyOptions options = new()
        {
            OnWriteError = CopyWriteErrorPolicy.DropDestination, // A bad leg does not stop the others.
            Flush = true,
        };

        CopyResult result = await copies.CopyAsync(IoRegion.Whole(source), [IoRegion.Whole(left), IoRegion.Whole(right)], options);
        foreach (int leg in result.Failed | result.Unsupported)
            Console.WriteLine($"leg {leg} is out; first: {result.DestinationFailures[leg]}");
        if (result.NextSector < source.SectorCount)
            Console.WriteLine($"go on with StartAt = {result.NextSector}, with the legs that have no bit");
        // </copy>
        return result;
    }

    public static int Reactor(string path)
    {
        int whole = 0;
        // <reactor>
        using BlockDevice device = BlockDevice.Open(path, DeviceAccess.Read);
        using IoMemory memory = IoMemory.Allocate(32 * 4096);
        using IoReactor reactor = new();
        IoNotify notify = (result, context) => whole += result.IsSuccess ? 1 : 0;

        for (int i = 0; i < 32; i++)
            reactor.SubmitRead(new IoRegion(device, i * 8, 8), memory.Slice(i * 4096, 4096), notify);
        reactor.Poll(minimum: 32); // One system call hands over all 32; the callbacks run in here as they end.
        // </reactor>
        return whole;
    }

    public static async Task<IoResult> Awaited(string path)
    {
        // <awaited>
        using BlockDevice device = BlockDevice.Open(path, DeviceAccess.Read);
        await using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(4096);

        IoResult result = await client.ReadAsync(new IoRegion(device, 2048, 8), memory);
        if (result.IsSuccess)
            Console.WriteLine($"the first byte is {memory.Memory.Span[0]}");
        // </awaited>
        return result;
    }

    public static async Task<(MirrorLegState Failed, MirrorResyncResult Resync)> Mirror(string leftPath, string rightPath)
    {
        // <mirror>
        using BlockDevice left = BlockDevice.Open(leftPath), right = BlockDevice.Open(rightPath);
        await using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(4096);

        // What is on the legs does not matter here. Without AssumeEqual the first one is copied to the others.
        MirrorCreateOptions create = new() { AssumeEqual = true };
        MirrorOptions options = new() { LegChanged = change => Console.WriteLine($"{change.Leg}, before: {change.Before}") };
        await using MirrorDevice mirror = await MirrorDevice.CreateAsync(client, [left, right], create, options);

        // Done when one leg in sync has it. A leg that failed it is out of sync, which the other leg knows too by now.
        MirrorResult written = await mirror.WriteAsync(2048, 8, memory);
        if (!written.IsSuccess)
            throw new IOException($"no leg has it: {written}");
        MirrorLegState failed = mirror.Legs[1].State;

        // Later, when whatever was wrong is right again: copies the regions that the leg lacks.
        MirrorResyncResult resync = await mirror.ResyncAsync();
        Console.WriteLine(resync);
        // </mirror>
        return (failed, resync);
    }

    public static async Task<int> PowerLoss()
    {
        int cuts = 0;
        // <power-loss>
        for (long seed = 1; seed <= 5; seed++)
        {
            bool isCut = true;
            for (long requests = 0; isCut; requests++)
            {
                using StorageSimulation simulation = new(seed);
                SimulatedDisk disk = simulation.AddDisk(64 * WriteAheadLog.BlockBytes, new SimulatedDiskOptions { TornUnit = 512 });
                List<string> appended = [], acknowledged = [];

                // The power goes while the next request is in flight: that one may be done, in part or not at all.
                simulation.CutPowerAfter(requests, MediumOperations.Changes);
                await using (DmIoClient client = simulation.CreateClient())
                using (BlockDevice device = disk.Open())
                using (IoMemory block = IoMemory.Allocate(WriteAheadLog.BlockBytes))
                {
                    try
                    {
                        // The program, unmodified: it gets a client and a device, and knows nothing of the simulation.
                        WriteAheadLog log = await WriteAheadLog.CreateAsync(client, device);
                        for (int i = 0; i < 8; i++)
                        {
                            appended.Add($"record {i}");
                            if (!await log.AppendAsync(Encoding.UTF8.GetBytes(appended[i]), block))
                                break;
                            acknowledged.Add(appended[i]);
                        }
                    }
                    catch (IOException) when (!simulation.HasPower)
                    {
                        // The power went before there was a log.
                    }
                }

                // All of it has run: then the power goes now. What is not durable is lost or left, by the seed.
                isCut = !simulation.HasPower;
                if (!isCut)
                    simulation.CutPower();
                cuts++;
                simulation.RestorePower();

                await using (DmIoClient client = simulation.CreateClient())
                using (BlockDevice device = disk.Open())
                {
                    (_, List<byte[]> records) = await WriteAheadLog.OpenAsync(client, device);
                    string[] found = [.. records.Select(Encoding.UTF8.GetString)];
                    if (found.Length < acknowledged.Count || !found.SequenceEqual(appended.Take(found.Length), StringComparer.Ordinal))
                        throw new InvalidOperationException($"seed {seed}, power cut after {requests} requests: {acknowledged.Count} acknowledged, {found.Length} found");
                }
            }
        }
        // </power-loss>

        return cuts;
    }
}
