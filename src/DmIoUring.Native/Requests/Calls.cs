using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;

namespace DmIoUring.Native.Requests;

/// <summary>Makes a call of C into a request of the library. Every request of every function comes through here.</summary>
internal static unsafe class Calls
{
    private const int OperationMask = 0xFF;
    private const int FlagsShift = 8;

    /// <summary>Carries out a request.</summary>
    /// <exception cref="NativeException">It is invalid.</exception>
    public static IoResult Run(NativeClient client, in CRequest request) => Run(client, request, out _);

    /// <summary>Carries out a request.</summary>
    /// <param name="client">By whom.</param>
    /// <param name="request">What.</param>
    /// <param name="bytes">What it transfers when every region succeeds.</param>
    /// <exception cref="NativeException">It is invalid.</exception>
    public static IoResult Run(NativeClient client, in CRequest request, out long bytes)
    {
        CheckShape(request);
        return request.Regions <= FewRegions.Length ? RunFew(client, request, out bytes) : RunMany(client, request, out bytes);
    }

    /// <summary>Submits a request.</summary>
    /// <exception cref="NativeException">It is invalid.</exception>
    public static void Submit(Submitter target, in CRequest request, nint function, bool hasResult, nint context)
    {
        if (function == 0)
            throw new NativeException(Errno.EINVAL, "The callback is NULL.");
        CheckShape(request);
        Notification notification = target.NotificationOf(function, hasResult);
        if (request.Regions <= FewRegions.Length)
            SubmitFew(target, request, notification, context);
        else
            SubmitMany(target, request, notification, context);
    }

    private static void CheckShape(in CRequest request)
    {
        if (request.Regions is 0 or > IoRegion.MaxRegions)
            throw new NativeException(Errno.EINVAL, $"The request names {request.Regions} regions; give it 1 to {IoRegion.MaxRegions}.");
        if (request.Where is null)
            throw new NativeException(Errno.EINVAL, "The regions are NULL.");
        if ((request.Rw & OperationMask) == (int)COperation.Read && request.Regions != 1)
            throw new NativeException(Errno.EINVAL, $"A read of {request.Regions} regions; it has 1.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IoResult RunFew(NativeClient client, in CRequest request, out long bytes)
    {
        FewRegions space = default;
        Span<IoRegion> regions = space;
        return Run(client, request, Fill(regions, request), out bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IoResult RunMany(NativeClient client, in CRequest request, out long bytes)
    {
        ManyRegions space = default;
        Span<IoRegion> regions = space;
        return Run(client, request, Fill(regions, request), out bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SubmitFew(Submitter target, in CRequest request, Notification notification, nint context)
    {
        FewRegions space = default;
        Span<IoRegion> regions = space;
        Submit(target, request, Fill(regions, request), notification, context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SubmitMany(Submitter target, in CRequest request, Notification notification, nint context)
    {
        ManyRegions space = default;
        Span<IoRegion> regions = space;
        Submit(target, request, Fill(regions, request), notification, context);
    }

    private static ReadOnlySpan<IoRegion> Fill(Span<IoRegion> space, in CRequest request)
    {
        Span<IoRegion> regions = space[..(int)request.Regions];
        BlockDevice? some = null;
        bool skipsAny = false;
        for (int i = 0; i < regions.Length; i++)
        {
            ref readonly CRegion region = ref request.Where[i];
            if (region.Count == 0 && SkipsEmptyRegions(request.Rw))
            {
                skipsAny = true;
                continue;
            }

            // Above 2^63 they are negative here, and are refused as such.
            some = HandleTables.Devices.Get(region.Device).Device;
            regions[i] = new IoRegion(some, (long)region.Sector, (long)region.Count);
        }

        if (skipsAny)
            FillSkipped(regions, request, some);
        return regions;
    }

    /// <summary>A skipped region's device may have gone: the library wants one, and does nothing with it.</summary>
    private static void FillSkipped(Span<IoRegion> regions, in CRequest request, BlockDevice? some)
    {
        for (int i = 0; i < regions.Length; i++)
        {
            if (regions[i].Device is null)
                regions[i] = new IoRegion(some ?? HandleTables.Devices.Get(request.Where[i].Device).Device, (long)request.Where[i].Sector, 0);
        }
    }

    /// <summary>A flush and the flags that promise durability ask each device, whatever the count.</summary>
    private static bool SkipsEmptyRegions(int rw) =>
        (rw & OperationMask) != (int)COperation.Flush && ((IoFlags)(rw >> FlagsShift) & (IoFlags.Preflush | IoFlags.Fua)) == 0;

    private static IoResult Run(NativeClient client, in CRequest request, ReadOnlySpan<IoRegion> regions, out long bytes)
    {
        bytes = 0;
        (COperation operation, IoFlags flags) = Decode(request.Rw);
        switch (operation)
        {
            case COperation.Flush:
                return client.Client.Flush(regions);
            case COperation.Discard:
                return client.Client.Discard(regions);
            case COperation.WriteZeroes:
                return client.Client.WriteZeroes(regions);
        }

        CallMemory memory = CallMemory.Of(client, request, BytesOf(regions));
        bytes = CompletedCallback.BytesOf(regions);
        try
        {
            return operation == COperation.Read
                ? client.Client.Read(regions[0], memory.Buffer)
                : client.Client.Write(regions, memory.Buffer, flags);
        }
        finally
        {
            memory.Pieces?.Return();
        }
    }

    private static void Submit(Submitter target, in CRequest request, ReadOnlySpan<IoRegion> regions, Notification notification, nint context)
    {
        (COperation operation, IoFlags flags) = Decode(request.Rw);
        switch (operation)
        {
            case COperation.Flush:
                target.SubmitFlush(regions, Notification.Completed, notification, context);
                return;
            case COperation.Discard:
                target.SubmitDiscard(regions, NotificationWithContext.Notify, new NotificationWithContext(notification, context));
                return;
            case COperation.WriteZeroes:
                target.SubmitWriteZeroes(regions, NotificationWithContext.Notify, new NotificationWithContext(notification, context));
                return;
        }

        CallMemory memory = CallMemory.Of(target, request, BytesOf(regions));
        if (memory.Pieces is not { } pieces)
        {
            Submit(target, operation, regions, memory.Buffer, Notification.Completed, notification, context, flags);
            return;
        }

        pieces.EndWith(notification);
        try
        {
            Submit(target, operation, regions, memory.Buffer, PieceList.Completed, pieces, context, flags);
        }
        catch
        {
            // Nothing was submitted, so nothing else returns it.
            pieces.Return();
            throw;
        }
    }

    private static void Submit(
        Submitter target, COperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoCompleted completed, object context, nint tag, IoFlags flags)
    {
        if (operation == COperation.Read)
            target.SubmitRead(regions[0], buffer, completed, context, tag);
        else
            target.SubmitWrite(regions, buffer, completed, context, tag, flags);
    }

    private static (COperation Operation, IoFlags Flags) Decode(int rw)
    {
        COperation operation = (COperation)(rw & OperationMask);
        IoFlags flags = (IoFlags)(rw >> FlagsShift);
        if (operation is not (COperation.Read or COperation.Write or COperation.Flush or COperation.Discard or COperation.WriteZeroes))
            throw new NativeException(Errno.EINVAL, $"rw is 0x{rw:x}: there is no operation {(int)operation}.");
        if (flags != 0 && operation != COperation.Write)
            throw new NativeException(Errno.EINVAL, $"rw is 0x{rw:x}: flags belong to writes, and this is a {operation}.");
        return (operation, flags);
    }

    /// <summary>What the largest region takes; where a count is no count, 0: the library refuses the region.</summary>
    private static long BytesOf(ReadOnlySpan<IoRegion> regions)
    {
        long sectors = 0;
        foreach (ref readonly IoRegion region in regions)
        {
            if (region.Count is < 0 or > long.MaxValue / IoRegion.SectorSize)
                return 0;
            sectors = Math.Max(sectors, region.Count);
        }

        return sectors * IoRegion.SectorSize;
    }

    /// <summary>Most requests have few: zeroing the space of 64 would cost more than the rest of the call.</summary>
    [InlineArray(Length)]
    private struct FewRegions
    {
        public const int Length = 4;
        private IoRegion _first;
    }

    [InlineArray(IoRegion.MaxRegions)]
    private struct ManyRegions
    {
        private IoRegion _first;
    }

    /// <summary>The operations of dmio.h; their numbers are the kernel's, enum req_op of include/linux/blk_types.h.</summary>
    private enum COperation
    {
        Read = 0,
        Write = 1,
        Flush = 2,
        Discard = 3,
        WriteZeroes = 9,
    }
}
