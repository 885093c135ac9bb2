using System.Runtime.InteropServices;
using DmIoUring.Native.Requests;

namespace DmIoUring.Native.Handles;

/// <summary>Pages of a client's reserve that C has: as a chain of struct page_list, whose nodes lie side by side.</summary>
internal sealed unsafe class RentedPages
{
    private readonly PageList _pages;

    public RentedPages(in PageList pages)
    {
        _pages = pages;
        Head = (CPageList*)NativeMemory.Alloc((nuint)pages.Count, (nuint)sizeof(CPageList));
        for (int i = 0; i < pages.Count; i++)
            Head[i] = new CPageList { Next = i + 1 < pages.Count ? Head + i + 1 : null, Page = (byte*)pages.GetPointer(i) };
    }

    /// <summary>The chain.</summary>
    public CPageList* Head { get; private set; }

    /// <summary>The pages as a buffer, where the chain is as it was made: the rings know this memory.</summary>
    /// <param name="offset">Bytes of the first page that are not used.</param>
    /// <param name="bytes">Bytes that are used.</param>
    /// <param name="buffer">The buffer.</param>
    /// <returns>False where somebody has linked it anew, or it is too short.</returns>
    public bool TryGetBuffer(uint offset, long bytes, out IoBuffer buffer)
    {
        buffer = default;
        long needed = (offset + bytes + PageList.PageSize - 1) / PageList.PageSize;
        if (offset >= PageList.PageSize || needed > _pages.Count)
            return false;
        for (int i = 0; i < needed; i++)
        {
            if (Head[i].Page != (byte*)_pages.GetPointer(i) || (i + 1 < needed && Head[i].Next != Head + i + 1))
                return false;
        }

        buffer = IoBuffer.Pages(_pages, (int)offset);
        return true;
    }

    /// <summary>Returns the pages.</summary>
    /// <exception cref="InvalidOperationException">A request is using them.</exception>
    public void Return()
    {
        _pages.Dispose();
        NativeMemory.Free(Head);
        Head = null;
    }
}
