using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;

namespace DmIoUring.Native.Requests;

/// <summary>What a call asks for beyond its regions and its memory.</summary>
internal readonly unsafe struct CallOptions
{
    /// <summary>DMIO_NOWAIT.</summary>
    private const uint NoWait = 1;

    /// <summary>The kernel's IOPRIO_CLASS_SHIFT, include/uapi/linux/ioprio.h.</summary>
    private const int PriorityClassShift = 13;

    private CallOptions(in IoRequestOptions request, RegionReports? reports, bool mayWait)
    {
        Request = request;
        Reports = reports;
        MayWait = mayWait;
    }

    public IoRequestOptions Request { get; }

    /// <summary>The reports of all regions; null where none are asked for. They are returned when the request has ended, or was not submitted.</summary>
    public RegionReports? Reports { get; }

    /// <summary>Whether the call may wait for a request or pages of the reserve.</summary>
    public bool MayWait { get; }

    /// <summary>The options of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="flags">The flags of its rw.</param>
    /// <param name="regions">Its regions.</param>
    /// <param name="operation">What it does.</param>
    /// <param name="isSync">Whether the call waits for its end.</param>
    /// <exception cref="NativeException">EINVAL, with what is wrong.</exception>
    public static CallOptions Of(in CRequest request, IoFlags flags, ReadOnlySpan<IoRegion> regions, IoOperation operation, bool isSync)
    {
        if (!request.HasOptions)
            return new CallOptions(new IoRequestOptions(flags), reports: null, mayWait: true);
        if ((request.Flags & ~NoWait) != 0)
            throw Invalid($"The request's flags have bits that mean nothing: 0x{request.Flags & ~NoWait:x}.");
        if (request.Flags != 0 && isSync)
            throw Invalid("DMIO_NOWAIT belongs to asynchronous requests; this call waits for the end of its own.");
        if ((request.Reserved[0] | request.Reserved[1]) != 0)
            throw Invalid("The request's reserved fields are not 0.");
        IoPriority priority = PriorityOf(request.Priority);
        RegionReports? reports = request.Reports is null ? null : RegionReports.Rent(request.Reports, regions, operation.HasBuffer());
        return new CallOptions(new IoRequestOptions(flags, priority, reports?.Report), reports, mayWait: request.Flags == 0);
    }

    /// <summary>An I/O priority as the kernel writes one; the library refuses levels and classes that there are not.</summary>
    private static IoPriority PriorityOf(uint value)
    {
        uint type = value >> PriorityClassShift;
        uint level = value & ((1 << PriorityClassShift) - 1);
        return type is > (uint)IoPriorityClass.Idle or (uint)IoPriorityClass.None && value != 0
            ? throw Invalid($"The priority 0x{value:x} is of class {type}, which can't be asked for: make it with DMIO_PRIORITY.")
            : new IoPriority((IoPriorityClass)type, (int)level);
    }

    private static NativeException Invalid(string message) => new(Errno.EINVAL, message);
}
