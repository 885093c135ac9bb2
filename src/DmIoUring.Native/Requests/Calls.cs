using System.Runtime.CompilerServices;
using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;

namespace DmIoUring.Native.Requests;

/// <summary>Makes a call of C into a request of the library. Every request of every function comes through here.</summary>
internal static unsafe class Calls
{
    /// <summary>The largest buffer offset, and the most bytes of a region: their sum does not overflow.</summary>
    private const long MaxOffset = long.MaxValue / 2;

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

    /// <summary>
    /// The fast path: a read, or a write without flags, of one region and of memory in one piece. What is invalid, or anything else, goes by
    /// <see cref="Submit(Submitter, in CRequest, nint, bool, nint)"/>.
    /// </summary>
    /// <returns>Whether it was submitted.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TrySubmitFast(NativeReactor target, CRequest* request, nint function, nint context)
    {
        if (request->Regions != 1 || (uint)request->Rw > (uint)COperation.Write || request->Memory != CMemory.Vm || request->HasOptions || request->BufferOffsets is not null
            || request->Where is null || request->Data is null || function == 0)
        {
            return false;
        }

        CRegion* where = request->Where;
        long bytes = (long)where->Count * IoRegion.SectorSize;
        long length = request->Length == 0 ? bytes : (long)request->Length;
        if (where->Count - 1 >= MaxOffset / IoRegion.SectorSize || (ulong)length > MaxOffset || !RentedPages.IsFarFrom((nint)request->Data, bytes)
            || HandleTables.Devices.Find(where->Device) is not { } device)
        {
            return false;
        }

        IoRegion region = new(device.Device, (long)where->Sector, (long)where->Count);
        return target.Reactor.TrySubmitFast(
            request->Rw == (int)COperation.Read ? IoOperation.Read : IoOperation.Write, new ReadOnlySpan<IoRegion>(in region), (byte*)request->Data, length,
            Notification.Completed, target.NotificationOf(function, hasResult: true), context);
    }

    private static void CheckShape(in CRequest request)
    {
        if (request.Regions is 0 or > IoRegion.MaxRegions)
            throw new NativeException(Errno.EINVAL, $"The request names {request.Regions} regions; give it 1 to {IoRegion.MaxRegions}.");
        if (request.Where is null)
            throw new NativeException(Errno.EINVAL, "The regions are NULL.");
        if (Operations.IsRead(request.Rw) && request.Regions != 1)
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
            if (region.Count == 0 && Operations.SkipsEmptyRegions(request.Rw))
            {
                skipsAny = true;
                continue;
            }

            // Above 2^63 they are negative here, and are refused as such.
            some = HandleTables.Devices.Get(region.Device).Device;
            regions[i] = new IoRegion(some, (long)region.Sector, (long)region.Count, request.BufferOffsets is null ? 0 : OffsetOf(i, request));
        }

        if (skipsAny)
            FillSkipped(regions, request, some);
        return regions;
    }

    /// <summary>Where in the memory a region begins; one that is skipped, nowhere.</summary>
    private static long OffsetOf(int region, in CRequest request)
    {
        ulong offset = request.Where[region].Count == 0 ? 0 : request.BufferOffsets[region];
        return offset <= MaxOffset
            ? (long)offset
            : throw new NativeException(Errno.EINVAL, $"Region {region} begins {offset} bytes into the memory, which has no such place.");
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

    private static IoResult Run(NativeClient client, in CRequest request, ReadOnlySpan<IoRegion> regions, out long bytes)
    {
        bytes = 0;
        (IoOperation operation, IoFlags flags) = Operations.Decode(request.Rw);
        CallOptions options = CallOptions.Of(request, flags, regions, operation, isSync: true);
        try
        {
            CallMemory memory = operation.HasBuffer() ? CallMemory.Of(client, request, BytesOf(regions)) : CallMemory.None;
            try
            {
                // As the asynchronous way, before the request: the file may change its size meanwhile.
                int oddBytes = RegionRules.OddBytes(operation, regions[0]);
                IoResult result = client.Client.Run(new RequestSpec(operation, regions, memory.Buffer, options.Request));
                bytes = operation.HasBuffer() && result.IsSuccess ? CompletedCallback.BytesOf(regions) - oddBytes : 0;
                options.Reports?.Write(result, bytes);
                return result;
            }
            finally
            {
                memory.Pieces?.Return();
            }
        }
        finally
        {
            options.Reports?.Return();
        }
    }

    private static void Submit(Submitter target, in CRequest request, ReadOnlySpan<IoRegion> regions, Notification notification, nint context)
    {
        (IoOperation operation, IoFlags flags) = Operations.Decode(request.Rw);
        if (request.HasOptions)
        {
            SubmitWithOptions(target, request, regions, operation, flags, notification, context);
            return;
        }

        if (!operation.HasBuffer())
            SubmitWithoutMemory(target, operation, flags, regions, notification, context);
        else if (CallMemory.IsPlain(request, BytesOf(regions), out long length))
            Submit(target, operation, regions, IoBuffer.Contiguous(request.Data, length), Notification.Completed, notification, context, flags);
        else
            SubmitWithMemory(target, request, regions, operation, flags, notification, context);
    }

    /// <summary>Apart, like the others below, so that the frame of the way that most requests take has no room for a <see cref="RequestSpec"/> to clear.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SubmitWithoutMemory(
        Submitter target, IoOperation operation, IoFlags flags, ReadOnlySpan<IoRegion> regions, Notification notification, nint context) =>
        target.Submit(new RequestSpec(operation, regions, new IoRequestOptions(flags)) { Completed = Notification.Completed, Context = notification, Tag = context });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SubmitWithMemory(
        Submitter target, in CRequest request, ReadOnlySpan<IoRegion> regions, IoOperation operation, IoFlags flags, Notification notification, nint context)
    {
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

    /// <summary>The way of a request with a priority, reports or flags of its own.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SubmitWithOptions(
        Submitter target, in CRequest request, ReadOnlySpan<IoRegion> regions, IoOperation operation, IoFlags flags, Notification notification, nint context)
    {
        CallOptions options = CallOptions.Of(request, flags, regions, operation, isSync: false);
        PieceList? pieces = null;
        bool isSubmitted = false;
        try
        {
            CallMemory memory = operation.HasBuffer() ? CallMemory.Of(target, request, BytesOf(regions)) : CallMemory.None;
            pieces = memory.Pieces;
            pieces?.EndWith(notification);
            options.Reports?.EndWith(notification, pieces);
            RequestSpec spec = new(operation, regions, memory.Buffer, options.Request)
            {
                Completed = options.Reports is not null ? RegionReports.Completed : pieces is not null ? PieceList.Completed : Notification.Completed,
                Context = options.Reports ?? (object?)pieces ?? notification,
                Tag = context,
            };
            if (options.MayWait)
                target.Submit(spec);
            else if (!target.TrySubmit(spec))
                throw new NativeException(Errno.EAGAIN, "The reserve is exhausted: nothing was submitted. Submit it again when a request has ended, or without DMIO_NOWAIT.");
            isSubmitted = true;
        }
        finally
        {
            if (!isSubmitted)
            {
                pieces?.Return();
                options.Reports?.Return();
            }
        }
    }

    private static void Submit(
        Submitter target, IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, IoCompleted completed, object context, nint tag, IoFlags flags)
    {
        if (operation == IoOperation.Read)
            target.SubmitRead(regions[0], buffer, completed, context, tag);
        else
            target.SubmitWrite(regions, buffer, completed, context, tag, flags);
    }

    /// <summary>How much memory the regions take; where a count is no count, 0: the library refuses the region.</summary>
    private static long BytesOf(ReadOnlySpan<IoRegion> regions)
    {
        long bytes = 0;
        foreach (ref readonly IoRegion region in regions)
        {
            if (region.Count is < 0 or > MaxOffset / IoRegion.SectorSize)
                return 0;
            if (region.Count != 0)
                bytes = Math.Max(bytes, region.BufferOffset + (region.Count * IoRegion.SectorSize));
        }

        return bytes;
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
}
