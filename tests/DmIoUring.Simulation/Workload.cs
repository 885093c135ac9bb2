using DmIoUring.Engine;
using DmIoUring.Simulation.Checks;
using DmIoUring.Simulation.Kernel;
using DmIoUring.Simulation.Memory;

namespace DmIoUring.Simulation;

/// <summary>Makes requests of every kind.</summary>
internal sealed class Workload(
    Scenario scenario, SimulatedDisk[] disks, Model model, Claims claims, BufferMaker buffers, SeededRandom random, Verdict verdict, Coverage coverage)
{
    private int _made;

    public ModelRequest Make(bool hasPages) => scenario.IsPlain && !random.OneIn(8) ? MakePlain() : MakeAny(hasPages);

    /// <summary>A read, or a write of a few regions, that asks for nothing else.</summary>
    private ModelRequest MakePlain()
    {
        IoOperation operation = random.OneIn(2) ? IoOperation.Read : IoOperation.Write;
        ModelRequest request = new(_made++, operation, IoFlags.None, default);
        Count(request);
        AddRegions(request, operation == IoOperation.Read || random.OneIn(2) ? 1 : random.Next(1, 9), transfers: true);
        AddBuffer(request, isPlain: true);
        return request;
    }

    private ModelRequest MakeAny(bool hasPages)
    {
        IoOperation operation = random.Next(20) switch
        {
            < 7 => IoOperation.Read,
            < 16 => IoOperation.Write,
            16 or 17 => IoOperation.Flush,
            18 => IoOperation.Discard,
            _ => IoOperation.WriteZeroes,
        };
        IoFlags flags = IoFlags.None;
        if (operation == IoOperation.Write)
        {
            flags |= random.OneIn(4) ? IoFlags.Preflush : 0;
            flags |= random.OneIn(4) ? IoFlags.Fua : 0;
            flags |= hasPages && random.OneIn(3) ? IoFlags.StableCopy : 0;
            flags |= random.OneIn(6) ? IoFlags.Atomic : 0;
        }

        bool transfers = operation is IoOperation.Read or IoOperation.Write;
        IoPriority priority = transfers && random.OneIn(4) ? new IoPriority(IoPriorityClass.BestEffort, random.Next(8)) : default;
        ModelRequest request = new(_made++, operation, flags, priority) { Report = random.OneIn(2) ? new IoReport() : null };
        Count(request);
        int regions = operation == IoOperation.Read ? 1 : random.OneIn(6) ? random.Next(1, IoRegion.MaxRegions + 1) : random.Next(1, 5);
        AddRegions(request, regions, transfers);
        if (transfers)
            AddBuffer(request, isPlain: false);
        return request;
    }

    /// <summary>An empty flush of an opening that nobody else flushes: it takes one chunk and nothing else.</summary>
    public ModelRequest MakeFlush()
    {
        ModelRequest request = new(_made++, IoOperation.Flush, IoFlags.None, default);
        SimulatedDisk disk = random.Pick<SimulatedDisk>(disks);
        int number = 0;
        while (!disk.IsOpen(number) || !model.IsIdle(disk.Open(number).Descriptor))
            number++;
        request.Regions.Add(new ModelRegion(request, 0, new IoRegion(disk.Open(number), 0, 0), disk, verdict));
        return request;
    }

    /// <summary>A read of one block to memory that fits no direct I/O.</summary>
    public ModelRequest MakeMisaligned(SimulatedDisk disk)
    {
        ModelRequest request = new(_made++, IoOperation.Read, IoFlags.None, default);
        long count = disk.Traits.LogicalBlock / IoRegion.SectorSize;
        claims.TryTake(disk, 0, count, writes: false);
        request.Regions.Add(new ModelRegion(request, 0, Open(disk, 0, count, 0), disk, verdict));
        request.Buffer = buffers.MakeContiguous(disk.Traits.LogicalBlock, pastPage: 1);
        request.Content = request.Buffer.Read();
        return request;
    }

    private void AddRegions(ModelRequest request, int count, bool transfers)
    {
        int most = count > 8 ? 4096 : scenario.MostRegionBytes;
        long common = random.OneIn(2) ? 0 : 512 * random.Next(1, 16);
        for (int i = 0; i < count; i++)
        {
            SimulatedDisk disk = random.Pick<SimulatedDisk>(disks);
            (long sector, long sectors) = Place(request, disk, most);
            long offset = !transfers || random.OneIn(2) ? 0 : random.OneIn(6) ? random.Next(1, 2000) : common * i;
            ModelRegion added = new(request, i, Open(disk, sector, sectors, offset), disk, verdict);
            request.Regions.Add(added);
            if (added.IsRefused)
                coverage.Add(Covered.RefusedRegions);
            if (sectors == 0)
                coverage.Add(Covered.EmptyRegions);
        }
    }

    /// <summary>Sectors that nobody else uses meanwhile; none if there are none; sometimes what the device must refuse.</summary>
    private (long Sector, long Count) Place(ModelRequest request, SimulatedDisk disk, int mostBytes)
    {
        DiskTraits traits = disk.Traits;
        long block = traits.LogicalBlock / IoRegion.SectorSize;
        long blocks = traits.Sectors / block;
        long most = Math.Clamp(mostBytes / traits.LogicalBlock, 1, blocks);
        if (request.Operation == IoOperation.Flush || random.OneIn(12))
            return (random.NextLong(0, traits.Sectors), 0);
        if (random.OneIn(30))
            return ((blocks * block) - random.NextLong(0, 2 * block), 2 * block);
        if (block > 1 && random.OneIn(30))
            return (random.NextLong(0, 8), (2 * random.NextLong(0, 8)) + 1);
        bool writes = request.Operation != IoOperation.Read;
        for (int tries = 0; tries < 8; tries++)
        {
            long count = random.NextLong(1, most + 1);
            long sector = random.NextLong(0, blocks - count + 1) * block;
            if ((request.Flags & IoFlags.Atomic) != 0 && !random.OneIn(8))
            {
                // Naturally aligned, as such a write must be; the others are refused.
                count = 1L << (int)long.Log2(count);
                sector = sector / (count * block) * (count * block);
            }

            if (traits.IsReadOnly && writes)
                return (sector, count * block);
            if (claims.TryTake(disk, sector, count * block, writes))
                return (sector, count * block);
            most = Math.Max(1, most / 2);
        }

        return (0, 0);
    }

    private IoRegion Open(SimulatedDisk disk, long sector, long count, long bufferOffset)
    {
        for (int number = random.Next(3); ; number++)
        {
            if (!disk.IsOpen(number))
                continue;
            BlockDevice device = disk.Open(number);
            if (model.IsFree(device.Descriptor, sector * IoRegion.SectorSize, (sector + count) * IoRegion.SectorSize))
                return new IoRegion(device, sector, count, bufferOffset);
        }
    }

    private void AddBuffer(ModelRequest request, bool isPlain)
    {
        long length = request.Regions.Max(static region => region.Region.BufferOffset + (region.Region.Count * IoRegion.SectorSize));
        length = Math.Max(length + (random.OneIn(3) ? random.Next(3) * 512 : 0), 512);
        request.Buffer = isPlain
            ? buffers.MakePlain((int)length)
            : buffers.Make((int)length, mayBeReadOnly: request.Operation == IoOperation.Write);
        request.Content = new byte[request.Buffer.Length];
        random.Fill(request.Content);
        request.Buffer.Fill(request.Content);
    }

    private void Count(ModelRequest request)
    {
        coverage.Add(request.Operation switch
        {
            IoOperation.Read => Covered.Reads,
            IoOperation.Write => Covered.Writes,
            IoOperation.Flush => Covered.Flushes,
            IoOperation.Discard => Covered.Discards,
            _ => Covered.WriteZeroes,
        });
        if ((request.Flags & IoFlags.Preflush) != 0)
            coverage.Add(Covered.Preflushes);
        if ((request.Flags & IoFlags.Fua) != 0)
            coverage.Add(Covered.FuaWrites);
        if ((request.Flags & IoFlags.Atomic) != 0)
            coverage.Add(Covered.AtomicWrites);
        if ((request.Flags & IoFlags.StableCopy) != 0)
            coverage.Add(Covered.StableCopies);
    }
}
