using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Native.Handles;

namespace DmIoUring.Native.Requests;

/// <summary>The memory of a call, as the library takes it. dm-io's calls say only where it begins: it is as long as the regions need.</summary>
internal readonly unsafe struct CallMemory
{
    /// <summary>A list as long as this is a mistake: the pieces of 1 TiB would be walked first.</summary>
    private const long MaxScatteredBytes = 1L << 40;

    /// <summary>That of an operation without data.</summary>
    public static CallMemory None => new(RequestSpec.NoBuffer, pieces: null);

    private CallMemory(in IoBuffer buffer, PieceList? pieces)
    {
        Buffer = buffer;
        Pieces = pieces;
    }

    public IoBuffer Buffer { get; }

    /// <summary>What holds a scattered buffer's pieces, and rented pages; null for contiguous memory that is not of those.</summary>
    public PieceList? Pieces { get; }

    /// <summary>Whether a request's memory is one piece and of no rented pages, so that nothing must be held for it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="bytes">What the largest region takes.</param>
    /// <param name="length">Its length.</param>
    public static bool IsPlain(in CRequest request, long bytes, out long length)
    {
        length = request.Length == 0 ? bytes : (long)request.Length;
        return request.Memory == CMemory.Vm && bytes != 0 && length is > 0 and <= long.MaxValue / 2 && request.Data is not null
            && RentedPages.IsFarFrom((nint)request.Data, bytes);
    }

    /// <summary>The memory of a request.</summary>
    /// <param name="target">Whose request it is.</param>
    /// <param name="request">The request.</param>
    /// <param name="bytes">What the largest region takes.</param>
    /// <exception cref="NativeException">EINVAL, with what is wrong.</exception>
    public static CallMemory Of(Submitter target, in CRequest request, long bytes)
    {
        if (bytes == 0)
            return new CallMemory(IoBuffer.From(Memory<byte>.Empty), pieces: null);
        if (request.Data is null)
            throw Invalid($"The memory is NULL, and the regions take {bytes} bytes.");
        if (request.Memory == CMemory.Vm)
            return OfContiguous(request, bytes);
        if (request.Memory == CMemory.Pages && RentedPages.Any)
            return OfPages(target, request, bytes);
        return OfPieces(request, bytes);
    }

    private static CallMemory OfContiguous(in CRequest request, long bytes)
    {
        IoBuffer buffer = IoBuffer.Contiguous(request.Data, request.Length == 0 ? bytes : Checked(request.Length));
        if (RentedPages.IsFarFrom((nint)request.Data, bytes))
            return new CallMemory(buffer, pieces: null);
        PieceList pieces = PieceList.Rent();
        try
        {
            pieces.HoldAt((nint)request.Data, bytes);
            if (pieces.HoldsAny)
                return new CallMemory(buffer, pieces);
        }
        catch
        {
            pieces.Return();
            throw;
        }

        pieces.Return();
        return new CallMemory(buffer, pieces: null);
    }

    /// <summary>A list that may be of a client's pages: its nodes stay while it is walked, or the client is closed and they are not touched.</summary>
    private static CallMemory OfPages(Submitter target, in CRequest request, long bytes)
    {
        RentedPages.BeginWalk();
        try
        {
            if (target.IsClosing)
                throw new NativeException(Errno.EBADF, "The client is closed.");
            if (target.FindPages((CPageList*)request.Data) is not { } rented)
                return OfPieces(request, bytes);
            PieceList pieces = PieceList.Rent();
            try
            {
                pieces.Hold(rented);
                if (rented.TryGetBuffer(request.Offset, bytes, out IoBuffer own))
                    return new CallMemory(own, pieces);
            }
            catch
            {
                pieces.Return();
                throw;
            }

            pieces.Return();
            return OfPieces(request, bytes);
        }
        finally
        {
            RentedPages.EndWalk();
        }
    }

    private static CallMemory OfPieces(in CRequest request, long bytes)
    {
        if (bytes > MaxScatteredBytes)
            throw Invalid($"A region takes {bytes} bytes, more than memory in pieces can have.");

        PieceList pieces = PieceList.Rent();
        try
        {
            switch (request.Memory)
            {
                case CMemory.Pages:
                    AddPages(pieces, (CPageList*)request.Data, request.Offset, bytes);
                    break;
                case CMemory.Bvec:
                    AddVectors(pieces, (CVector*)request.Data, request.Length == 0 ? ulong.MaxValue : request.Length, bytes);
                    break;
                case CMemory.Iovec:
                    AddVectors(pieces, (IoVector*)request.Data, request.Length, bytes);
                    break;
                default:
                    throw Invalid($"There is no kind of memory {(uint)request.Memory}.");
            }

            pieces.HoldPieces();
            return new CallMemory(pieces.ToBuffer(), pieces);
        }
        catch
        {
            pieces.Return();
            throw;
        }
    }

    private static void AddPages(PieceList pieces, CPageList* page, uint offset, long bytes)
    {
        if (offset >= PageList.PageSize)
            throw Invalid($"The offset into the first page is {offset}; a page has {PageList.PageSize} bytes.");
        for (; pieces.Length < bytes; page = page->Next, offset = 0)
        {
            if (page is null)
                throw Invalid($"The page list has {pieces.Length} bytes and a region takes {bytes}.");
            if (page->Page is null)
                throw Invalid($"The page list has a page that is NULL, after {pieces.Length} bytes.");
            pieces.Add(page->Page + offset, PageList.PageSize - offset);
        }
    }

    private static void AddVectors(PieceList pieces, CVector* vectors, ulong count, long bytes)
    {
        for (ulong i = 0; pieces.Length < bytes; i++)
        {
            if (i == count)
                throw Invalid($"The {count} vectors have {pieces.Length} bytes and a region takes {bytes}.");

            // Without a count, these are what lies beyond a vector's end as a rule.
            if (vectors[i].Page is null || vectors[i].Length == 0)
                throw Invalid($"Vector {i} is empty, after {pieces.Length} bytes; a region takes {bytes}.");
            pieces.Add(vectors[i].Page + vectors[i].Offset, vectors[i].Length);
        }
    }

    private static void AddVectors(PieceList pieces, IoVector* vectors, ulong count, long bytes)
    {
        for (ulong i = 0; pieces.Length < bytes; i++)
        {
            if (i == count)
                throw Invalid($"The {count} vectors have {pieces.Length} bytes and a region takes {bytes}.");
            if (vectors[i].Length == 0)
                continue;
            if (vectors[i].Pointer is null)
                throw Invalid($"Vector {i} is NULL, after {pieces.Length} bytes.");
            pieces.Add((byte*)vectors[i].Pointer, Checked(vectors[i].Length));
        }
    }

    private static long Checked(ulong length) =>
        length <= long.MaxValue / 2 ? (long)length : throw Invalid($"A length of memory is {length} bytes, more than there can be.");

    private static NativeException Invalid(string message) => new(Errno.EINVAL, message);
}
